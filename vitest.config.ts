import { defineConfig } from 'vitest/config';

/** A thread cannot run TypeScript: under test it is the compiled one that is started. */
const compiledThreads = {
  name: 'compiled-threads',
  transform: (code: string, id: string) =>
    id.endsWith('/daemon/src/sip/stack-thread.ts')
      ? code.replace('./stack/worker.js', '../../dist/sip/stack/worker.js')
      : id.endsWith('/daemon/src/imports/files.ts')
        ? code.replace('./workbook-thread.js', '../../dist/imports/workbook-thread.js')
        : undefined,
};

// unit: no addon, no browser, no network but loopback. integration: the daemon with the built addon. e2e: the same with
// the built pages in a real browser.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // No unit test leaves anything behind in its process; a process for each file would cost as much as the tests.
          isolate: false,
          // One for each core: the usual is one less.
          maxWorkers: 2,
          testTimeout: 20_000,
        },
      },
      {
        plugins: [compiledThreads],
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          // Compiled already.
          server: { deps: { external: [/\/daemon\/dist\//] } },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Each has its own box, folder and ports; nine tenths of the time they wait for seconds of audio.
          maxWorkers: 4,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Each file has its own box and browser, which wait for sound and for one another most of the time.
          maxWorkers: 2,
        },
      },
    ],
  },
});
