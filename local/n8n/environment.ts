import { join } from 'node:path';
import { ports } from '../ports.ts';
import { localPaths } from '../stack/local-folder.ts';
import type { LocalSecrets } from '../stack/secrets.ts';

export const n8nUrl = `http://127.0.0.1:${ports.n8n}`;

/** The address of the person who owns the local n8n. */
export const OWNER_EMAIL = 'ops@switchyard.example';

/** n8n that listens on this machine alone, asks nobody outside for anything, and keeps all it has in the local folder. */
export function n8nEnvironment(secrets: LocalSecrets): Record<string, string> {
  return { ...addresses(), ...quiet, N8N_ENCRYPTION_KEY: secrets.n8nEncryptionKey, ...runners(secrets) };
}

function addresses(): Record<string, string> {
  return {
    N8N_USER_FOLDER: localPaths.n8n,
    N8N_PORT: String(ports.n8n),
    N8N_LISTEN_ADDRESS: '127.0.0.1',
    N8N_HOST: '127.0.0.1',
    N8N_PROTOCOL: 'http',
    N8N_EDITOR_BASE_URL: n8nUrl,
    N8N_WEBHOOK_URL: `${n8nUrl}/`,
    N8N_SECURE_COOKIE: 'false',
    N8N_LOG_OUTPUT: 'console',
    GENERIC_TIMEZONE: 'America/New_York',
    // n8n's own folders for what it caches.
    XDG_CACHE_HOME: join(localPaths.n8n, 'cache'),
  };
}

/** No Code node is used: without its runner n8n is 120 MB lighter and a third faster up. */
function runners({ n8nRunnersToken }: LocalSecrets): Record<string, string> {
  return {
    N8N_RUNNERS_MODE: 'external',
    N8N_RUNNERS_AUTH_TOKEN: n8nRunnersToken,
    N8N_RUNNERS_BROKER_PORT: String(ports.n8nRunners),
    N8N_RUNNERS_BROKER_LISTEN_ADDRESS: '127.0.0.1',
  };
}

/** Everything of n8n's that would call home or ask a person for something. */
const quiet: Readonly<Record<string, string>> = {
  N8N_DIAGNOSTICS_ENABLED: 'false',
  N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
  N8N_TEMPLATES_ENABLED: 'false',
  N8N_PERSONALIZATION_ENABLED: 'false',
  N8N_HIRING_BANNER_ENABLED: 'false',
  N8N_DYNAMIC_BANNERS_ENABLED: 'false',
  N8N_AI_ENABLED: 'false',
  N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
  N8N_VERIFIED_PACKAGES_ENABLED: 'false',
  N8N_UNVERIFIED_PACKAGES_ENABLED: 'true',
  // A name that n8n does not know stops it, so these go with the version in program/package.json.
  N8N_DISABLED_MODULES:
    'mcp-registry,mcp,insights,external-secrets,chat-hub,instance-ai,agents,workflow-builder,quick-connect',
  N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS: 'true',
  EXECUTIONS_DATA_PRUNE: 'true',
  // Said outright, since n8n warns of defaults that will change.
  N8N_RUNNERS_TASK_TIMEOUT: '60',
  N8N_COMPRESSION_NODE_MAX_DECOMPRESSED_SIZE_BYTES: String(256 * 1024 * 1024),
  N8N_COMPRESSION_NODE_MAX_ZIP_ENTRIES: '1000',
  NO_COLOR: '1',
};
