import type { HighlevelConfig } from '../config.ts';

/** A HighLevel that nobody can call, for tests of what it sends: webhooks signed under these keys (SPKI in base64). */
export function describeOfflineHighlevel(webhookPublicKeys: readonly string[]): HighlevelConfig {
  return {
    baseUrl: 'http://127.0.0.1:9',
    authorizeUrl: 'http://127.0.0.1:9/authorize',
    companyId: 'company-1',
    appId: 'app-1',
    agencyToken: 'pit-unused-in-this-test',
    clientId: 'app-1-client',
    clientSecret: 'unused-in-this-test',
    tokenKey: 'a key for sealing tokens, long enough',
    webhookPublicKeys,
  };
}
