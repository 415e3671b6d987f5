import { configureGlobal } from 'fast-check';

/** What lands is judged by the same cases each time; runs by people look at new ones. */
const SEED = 20_261_126;

if (process.env['CI'] === 'true') configureGlobal({ seed: SEED });
