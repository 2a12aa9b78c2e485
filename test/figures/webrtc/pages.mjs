// What Chromium shows, as its tests measure it: a page that is loaded anew in a talk, a computer whose network changes in one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../install/lib/child.mjs';
import { inRoot } from '../../../install/lib/paths.mjs';

/** A page that is loaded anew is back in its call within two seconds, sound included. */
const GOAL_RELOAD_MS = 2000;

export async function reload(report) {
  await tested(report, 'e2e', 'ui-headset', { reloadUntilSound: [GOAL_RELOAD_MS, 'most'] });
}

/** Needs root, for networks of its own. */
export async function networkChange(report) {
  await tested(report, 'network', 'ui-network-change');
}

async function tested(report, project, name, goals = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-measured-'));
  const file = join(folder, 'measured');
  try {
    const { code, output } = await run(inRoot('node_modules/.bin/vitest'), ['run', '--project', project, name], {
      cwd: inRoot(),
      env: { ...process.env, CORDBOARD_MEASURED: file },
    });
    if (code !== 0) throw new Error(output.slice(-3000));
    for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
      const { name: figure, value, unit } = JSON.parse(line);
      report.add(figure, value, unit, ...(goals[figure] ?? []));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
