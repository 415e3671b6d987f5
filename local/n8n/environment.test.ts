import { expect, it } from 'vitest';
import { ports } from '../ports.ts';
import type { LocalSecrets } from '../stack/secrets.ts';
import { n8nEnvironment } from './environment.ts';

const secrets = { n8nEncryptionKey: 'k', n8nRunnersToken: 't', n8nPassword: 'p' } as LocalSecrets;

it('n8n listens on this machine alone, and on ports that move with the others', () => {
  const environment = n8nEnvironment(secrets);
  expect(environment).toMatchObject({
    N8N_LISTEN_ADDRESS: '127.0.0.1',
    N8N_RUNNERS_BROKER_LISTEN_ADDRESS: '127.0.0.1',
    N8N_PORT: String(ports.n8n),
    N8N_RUNNERS_BROKER_PORT: String(ports.n8nRunners),
  });
});

it('whatever of n8n would call home is off', () => {
  const environment = n8nEnvironment(secrets);
  for (const part of ['DIAGNOSTICS', 'VERSION_NOTIFICATIONS', 'TEMPLATES', 'VERIFIED_PACKAGES', 'LICENSE_AUTO_RENEW']) {
    expect(environment[`N8N_${part}_ENABLED`]).toBe('false');
  }
  expect(environment['N8N_DISABLED_MODULES']?.split(',')).toContain('mcp-registry');
});
