import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../daemon/src/db/index.js';
import { bundleChild } from '../support/bundle-child.js';
import { T0 } from '../support/db-rows.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let program: string;
beforeAll(async () => {
  program = await bundleChild('db-writer-child');
});

/** Resolves when the child has acknowledged so many calls; collects all it says until it ends. */
function acknowledged(child: ChildProcess, atLeast: number): { enough: Promise<void>; ids: () => string[] } {
  let text = '';
  const ids = (): string[] => text.split('\n').filter((line) => line.length === 26);
  const enough = new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (data: Buffer) => {
      text += data.toString();
      if (ids().length >= atLeast) resolve();
    });
    child.once('exit', () => reject(new Error('it ended by itself')));
  });
  return { enough, ids };
}

test.each([1, 40, 150])('killed after %i calls: nothing acknowledged is lost, and the file is whole', async (calls) => {
  const file = join(temporaryFolder(), 'box.sqlite');
  const child = spawn(process.execPath, [program, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { enough, ids } = acknowledged(child, calls);
  await enough;
  child.kill('SIGKILL');
  await once(child, 'close');

  const db = await openDatabase({ file });
  const found = new Set((await db.calls.list({ limit: 500 })).map((call) => call.id));
  expect(ids().filter((id) => !found.has(id))).toEqual([]);
  const recovery = await db.recoverAtStart(T0 + 5000);
  expect(recovery.calls).toBe(found.size);
  expect(recovery.segments).toBe(found.size);
  expect(recovery.recordings).toHaveLength(found.size);
  expect(await db.calls.count({ state: 'broken' })).toBe(found.size);
  await db.close();
});
