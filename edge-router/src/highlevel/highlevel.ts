import type { HighlevelConfig } from '../config.ts';
import type { AppDeps } from '../deps.ts';
import { createAppTokens, type AppTokens } from './app-tokens.ts';
import { createCaller, type HighlevelCaller } from './caller.ts';
import { createBudgets } from './falling-back-budgets.ts';
import { createLocationTokens, locationTokenAnswerSchema } from './location-tokens.ts';
import { createRateGovernor, type Lane, type RateGovernor } from './rate-governor.ts';
import { createTokenCipher, type TokenCipher } from './token-cipher.ts';

/** The way to HighLevel, for every feature. One per isolate. */
export interface Highlevel {
  readonly config: HighlevelConfig;
  readonly baseUrl: string;
  readonly governor: RateGovernor;
  readonly cipher: TokenCipher;
  readonly appTokens: AppTokens;
  /** Gives the functions of `calls/` what they send with; cheap, made anew for each run, row or lead. */
  readonly callerFor: (lane: Lane) => HighlevelCaller;
}

/** Somebody waits for a location's token, whoever needs it: it is one call, and rare. */
const TOKEN_LANE: Lane = { share: 'interactive', row: 'tokens' };

/** Null where HighLevel is not configured: leads are routed all the same. */
export function createHighlevel(deps: AppDeps): Highlevel | null {
  const config = deps.config.highlevel;
  if (!config) return null;
  const cipher = createTokenCipher(config.tokenKey);
  const governor = createRateGovernor({ ...deps, budgets: createBudgets(deps) });
  const exchanging = { ...deps, config, cipher, governor, baseUrl: config.baseUrl };
  const appTokens = createAppTokens(exchanging);
  const locationTokens = createLocationTokens({
    ...deps,
    cipher,
    mint: (ghlLocationId) =>
      callerFor(TOKEN_LANE).send({
        endpoint: 'getLocationToken',
        credential: { kind: 'app' },
        form: { companyId: config.companyId, locationId: ghlLocationId },
        answer: locationTokenAnswerSchema,
      }),
  });
  const callerFor = (lane: Lane): HighlevelCaller => createCaller({ ...exchanging, appTokens, locationTokens }, lane);
  return { config, baseUrl: config.baseUrl, governor, cipher, appTokens, callerFor };
}
