import { expect, it } from 'vitest';
import { checkTargetUrl } from './target-url.ts';

const inProduction = { allowsPrivate: false, ownHost: 'router.example.com' };

it.each(['https://n8n.example.com/webhook/1?a=b', 'https://xn--mnchen-3ya.example', 'https://n8n.example.com:8443/x'])(
  'takes %s',
  (url) => {
    expect(checkTargetUrl(url, inProduction)).toMatchObject({ ok: true });
  },
);

it.each([
  'http://n8n.example.com/',
  'ftp://n8n.example.com/',
  'no address',
  '',
  'https://localhost/x',
  'https://n8n.localhost/',
  'https://intranet/x',
  'https://db.internal./',
  'https://printer.local/',
  'https://db.internal../',
  'https://localhost../',
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0177.0.0.1/',
  'https://10.1.2.3/',
  'https://169.254.169.254/latest/meta-data',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[fd00::1]/',
  'https://user:pass@n8n.example.com/',
  'https://router.example.com/v1/jobs/lead-events',
  'https://router.example.com./v1/jobs/lead-events',
  `https://n8n.example.com/${'x'.repeat(2000)}`,
])('refuses %s', (url) => {
  expect(checkTargetUrl(url, inProduction)).toMatchObject({ ok: false });
});

it('in a local stack takes this machine, but still no credentials and not the router', () => {
  const locally = { allowsPrivate: true, ownHost: '127.0.0.1:8787' };
  expect(checkTargetUrl('http://127.0.0.1:5678/webhook/1', locally)).toMatchObject({ ok: true });
  expect(checkTargetUrl('http://a:b@127.0.0.1:5678/', locally)).toMatchObject({ ok: false });
  expect(checkTargetUrl('http://127.0.0.1:8787/', locally)).toMatchObject({ ok: false });
});
