import { dirname } from 'node:path';
import { defineConfig } from 'vitest/config';
import { InOrder } from './testing/in-order.ts';

/**
 * One stack and one n8n for all tests, so their files take turns; the soak, which has a stack of its own, comes last. Each kind of wait has
 * a timeout of its own, shorter than these.
 */
export default defineConfig({
  test: {
    name: 'e2e',
    dir: dirname(import.meta.dirname),
    include: ['e2e/**/*.test.ts', 'soak/soak.test.ts'],
    globalSetup: ['e2e/testing/start-stack.ts'],
    fileParallelism: false,
    sequence: { sequencer: InOrder },
    testTimeout: 10 * 60_000,
    hookTimeout: 2 * 60_000,
  },
});
