// The 49 messages of RFC 4475 at the running stack, over UDP and over TCP.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRoot, tool } from '../../../install/lib/paths.mjs';

const MESSAGES = 49;

export function torture(report) {
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-torture-'));
  try {
    const file = join(folder, 'report.json');
    const args = ['run', '--project', 'unit', '--reporter=json', `--outputFile.json=${file}`];
    spawnSync(tool('vitest'), [...args, 'test/unit/sip-stack-torture.test.ts'], { cwd: inRoot(), stdio: 'ignore' });
    const tests = JSON.parse(readFileSync(file, 'utf8')).testResults.flatMap((one) => one.assertionResults);
    for (const transport of ['UDP', 'TCP']) {
      const right = tests.filter(
        ({ ancestorTitles, status }) =>
          status === 'passed' && ancestorTitles.some((title) => title.endsWith(transport)),
      );
      report.add(`tortureMessagesRightOver${transport}`, right.length, 'messages', MESSAGES);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
