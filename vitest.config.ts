import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'switchyard',
          include: [
            'edge-router/**/*.test.ts',
            'db/**/*.test.ts',
            'local/**/*.test.ts',
            'bench/**/*.test.ts',
            'soak/count-outcome.test.ts',
          ],
          globalSetup: ['local/testing/global-setup.ts'],
          setupFiles: ['local/testing/property-seed.ts'],
          // Ends what hangs. Two busy cores take many times as long as idle ones, so it is no measure of speed.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      'n8n-nodes/vitest.config.mts',
    ],
  },
});
