import { defineConfig } from 'vitest/config';

// unit: no addon, no browser, no network but loopback. integration: the daemon with the built addon. e2e: the same with
// the built pages in a real browser. The last two share sockets and processors, so their files run one after the other.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          // Compiled already.
          server: { deps: { external: [/\/daemon\/dist\//] } },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
