import { basename } from 'node:path';
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

/** Files that last longest, which their size does not tell: begun last, one of them would be waited for alone. */
const LONG = [
  // integration
  'diagnostics',
  'voicemail-telephone',
  'flow-transfer',
  'voice-by-telephone',
  'conference',
  'sip-forwarding',
  'queue-talks',
  'analog-actions',
  'queue-strategies',
  'callbacks-killed',
  'conference-calls',
  'r2-calls',
  'ss7-calls',
  'sip-scan',
  'music',
  'flow-behaviour',
  'faults',
  'queue-storm',
  // e2e
  'ui-access',
  'daemon-killed',
  'ui-floor',
  'ui-first-run',
  'ui-desk',
  'ui-records',
  'ui-desk-more',
  'ui-boards',
  'ui-simulator',
  'ui-centre-talks',
  'daemon-command-line',
  'ui-matrix',
  'ui-lines',
  'ui-call-story',
];
const placeOf = ({ moduleId }: TestSpecification): number => {
  const at = LONG.indexOf(basename(moduleId, '.test.ts'));
  return at < 0 ? LONG.length : at;
};

/** On a fresh clone nothing is known of how long each takes: those, then the others by size. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((one, other) => placeOf(one) - placeOf(other));
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
          // Each has its own box, folder and ports, and leaves nothing behind: the daemon is loaded once for each worker.
          isolate: false,
          // Nine tenths of the time they wait for seconds of audio.
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
          // Each file has its own box and browser, which wait for sound and for one another most of the time, and leaves nothing
          // behind: the daemon is loaded once for each worker.
          isolate: false,
          maxWorkers: 4,
        },
      },
      {
        // Links and addresses of this machine come and go, which browsers take for another network: alone, as root.
        plugins: [compiledDaemon],
        test: {
          name: 'network',
          include: ['test/network/**/*.test.ts'],
          server,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          expect,
          isolate: false,
          maxWorkers: 1,
        },
      },
      {
        // On machines of their own, as root: `npm run package:test`.
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 1_200_000,
          expect,
          maxWorkers: 1,
        },
      },
    ],
  },
});
