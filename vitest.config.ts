import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The daemon that is compiled in place of its sources: what is delivered is what is tested, its threads among it, and no file of
 * tests has to translate six hundred modules first.
 */
const compiledDaemon: Plugin = {
  name: 'compiled-daemon',
  enforce: 'pre',
  resolveId: (source) => {
    const path = /\/daemon\/(?:src|dist)\/(.+\.js)$/.exec(source)?.[1];
    return path === undefined ? undefined : fileURLToPath(new URL(`daemon/dist/${path}`, import.meta.url));
  },
};

// unit: no addon, no browser, no network but loopback. integration: the daemon with the built addon. e2e: the same with
// the built pages in a real browser.
const server = { deps: { external: [/\/daemon\/dist\//] } };

/** Short files that take long: begun last, one of them would be waited for alone. */
const LONG =
  /\/(voicemail-telephone|sip-forwarding|voice-by-telephone|sip-restart|conference|conference-calls|recording-pause|callbacks-killed|queue-storm|exchange-audio|call-actions|agent-desk|faults|daemon-killed|ui-call-story|ui-simulator)\.test\.ts$/;

/** On a fresh clone nothing is known of how long each takes: those, then the others by size. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/** What is looked at again and again: the usual second is nothing on a busy machine. */
const expect = { poll: { timeout: 45_000 } };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // No unit test leaves anything behind in its process; a process for each file would cost as much as the tests.
          isolate: false,
          // One for each core: the usual is one less.
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect,
        },
      },
      {
        plugins: [compiledDaemon],
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          server,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect,
          // Each has its own box, folder and ports; nine tenths of the time they wait for seconds of audio.
          maxWorkers: 5,
        },
      },
      {
        plugins: [compiledDaemon],
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          server,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          expect,
          // Each file has its own box and browser, which wait for sound and for one another most of the time.
          maxWorkers: 2,
        },
      },
    ],
  },
});
