import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'n8n-nodes',
    root: import.meta.dirname,
    include: ['test/**/*.test.mts'],
    // The tools first: what is tested needs n8n's own packages. Then the database that the router of the tests stands on.
    globalSetup: ['test/testing/install-tools.mts', '../local/testing/global-setup.ts'],
    alias: {
      // One copy for our code and for n8n-core, which requires it: with two of them, an error made by one is not known to the other.
      'n8n-workflow': `${import.meta.dirname}/node_modules/n8n-workflow/dist/cjs/index.js`,
    },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Each file would load n8n's engine anew, which takes longer than most of them.
    isolate: false,
    maxWorkers: 1,
    // After the others, which have both workers.
    sequence: { groupOrder: 1 },
  },
});
