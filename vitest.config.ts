import { defineConfig } from 'vitest/config';

// The first line of a failure is what a report that is cut still shows: with its values, not "[ Array(1) ]".
const common = { chaiConfig: { truncateThreshold: 1000 } };

/**
 * `unit` needs nothing but Node; `integration` a real PostgreSQL; `machine` root, Docker, network namespaces or the kernel,
 * one file at a time; `browser` Chromium. What cannot be had is left out and said. Tests never depend on wall time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: ['{apps,packages,bench,corpora,tools}/**/*.test.ts', 'apps/web/**/*.test.tsx'],
          exclude: ['**/node_modules/**', '**/*.integration.test.ts', '**/*.browser.test.ts'],
          // Only what hangs: beside other lanes a machine may be many times slower.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...common,
          name: 'integration',
          include: ['apps/console/**/*.integration.test.ts'],
          exclude: ['**/node_modules/**'],
          // One PostgreSQL for all files: making and migrating one for each took a fifth of the whole suite.
          globalSetup: ['apps/console/src/testing/server-of-the-run.ts'],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...common,
          name: 'machine',
          include: ['{apps/cli,apps/sensor,packages,tests}/**/*.integration.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 600_000,
          // Making a Debian root or packing a sensor takes minutes beside another lane that uses both processors.
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...common,
          name: 'browser',
          include: ['tests/browser/**/*.browser.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
