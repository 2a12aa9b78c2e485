// A database for a test: every test has its own, but its tables are made once a process, and no space is laid by for a full disk.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openDatabase, type OpenedDb } from '../../daemon/src/db/index.js';
import { temporaryFolder } from './temporary-folder.js';

let template: Promise<string> | undefined;

async function makeTemplate(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-template-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'box.sqlite');
  await (await openDatabase({ file, reserveBytes: 0 })).close();
  return file;
}

/** A file with all tables and without rows. */
export async function testDatabaseFile(folder = temporaryFolder()): Promise<string> {
  template ??= makeTemplate();
  const file = join(folder, 'box.sqlite');
  copyFileSync(await template, file);
  return file;
}

/** Open, and closed with the test. */
export async function testDatabase(folder?: string): Promise<OpenedDb> {
  const db = await openDatabase({ file: await testDatabaseFile(folder), reserveBytes: 0 });
  onTestFinished(() => db.close());
  return db;
}
