import type { ApiKey } from './api-key.ts';

/** What middleware leaves in Hono's context for the handlers. */
export interface AppEnv {
  readonly Variables: {
    requestId: string;
    apiKey: ApiKey;
  };
}
