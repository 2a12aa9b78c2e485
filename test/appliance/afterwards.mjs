// What a disk that lost its power is worth: which slot the boot loader takes and whether that is whole, and whether the box's own service comes up
// with the data that are there. The service runs on this machine and not in the virtual one: the same files, thirty times faster, so that
// a hundred moments can be looked at.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sqlite3 from 'sqlite3';

import { readBootState } from '../../daemon/dist/updates/index.js';
import { PARTITIONS } from '../../install/image/layout.mjs';
import { inRoot } from '../../install/lib/paths.mjs';
import { Api } from './api.mjs';
import { takeOut } from './disks.mjs';
import { readOctets } from './disk-history.mjs';
import { freePort } from './machine.mjs';
import { STEP, withAnotherStep } from './versions.mjs';

const START_MS = 120_000;
const CHUNK = 1 << 22;
/** of the service on a box; the journal of recordings names its files with it */
const HOME = '/var/lib/cordboard';
/** The data stand where they stand on the box, for this one program. */
const IN_PLACE = `mount -t tmpfs tmpfs /var/lib; mkdir ${HOME}; mount --bind "$1" ${HOME}; shift; exec "$@"`;

/** What the boot loader of this disk does next: grub.cfg, in one sentence. */
export function nextBoot(disk, work) {
  const file = join(work, 'state');
  writeFileSync(file, readOctets(disk, PARTITIONS.state.start, PARTITIONS.state.bytes));
  const state = readBootState(file);
  const other = state.slot === 'a' ? 'b' : 'a';
  const onTrial = state.trial === other && state.left > 0;
  return { ...state, boots: onTrial ? other : state.slot, onTrial };
}

/** SHA-256 of the first octets of a slot. */
export function slotDigest(disk, slot, bytes) {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes; at += CHUNK)
    hash.update(readOctets(disk, PARTITIONS[slot].start + at, Math.min(CHUNK, bytes - at)));
  return hash.digest('hex');
}

/** Size and digest of the root in a bundle, and its version. */
export function rootOf(bundle) {
  const head = readOctets(bundle, 0, 4096);
  const at = head.indexOf('\n') + 1;
  const length = head.readUInt32BE(at);
  const { version, root } = JSON.parse(head.toString('utf8', at + 4, at + 4 + length));
  return { version, ...root };
}

/** The program as the second version has it: this tree with one more step. Gives the folder. */
export function secondProgram(folder) {
  const root = join(folder, 'usr/lib/cordboard');
  if (existsSync(folder)) rmSync(folder, { recursive: true });
  mkdirSync(join(root, 'daemon'), { recursive: true });
  for (const name of readdirSync(inRoot('daemon')).filter((one) => one !== 'src' && one !== 'test'))
    cpSync(inRoot('daemon', name), join(root, 'daemon', name), { recursive: true, verbatimSymlinks: true });
  for (const name of ['node_modules', 'native', 'admin-ui', 'build', 'firmware-config', 'package.json'])
    symlinkSync(inRoot(name), join(root, name));
  withAnotherStep(folder);
  return root;
}

/**
 * Starts the service with the data of a disk, and stops it after `look`.
 * @param {{ disk: string, work: string, program?: string, prepare?: (home: string) => Promise<unknown> }} options `program`: root of the tree that it is
 *   started from; `prepare`: done before its start
 * @param {(box: { api: Api, home: string }) => Promise<T>} look
 * @returns {Promise<T>}
 * @template T
 */
export async function withService({ disk, work, program = inRoot(), prepare = async () => undefined }, look) {
  const folder = join(work, 'data');
  rmSync(folder, { recursive: true, force: true });
  takeOut(disk, '/state/home', folder);
  const home = join(folder, 'home');
  await prepare(home);
  const port = await freePort();
  const start = [process.execPath, join(program, 'daemon/bin/cordboard.mjs'), 'start'];
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', IN_PLACE, 'sh', home, ...start], {
    env: {
      // The suite's own variables are no settings of a service.
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CORDBOARD_'))),
      ...{ CORDBOARD_HOME: HOME, CORDBOARD_HTTP_PORT: String(port), CORDBOARD_SIP_PORT: '0', CORDBOARD_SIPS_PORT: '0' },
      ...{ CORDBOARD_BIND: '127.0.0.1', CORDBOARD_LANGUAGE: 'en' },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const gone = new Promise((resolve) => child.on('exit', resolve));
  let code;
  void gone.then((ended) => (code = ended));
  const api = new Api(`http://127.0.0.1:${port}`);
  try {
    await api.until(
      () => (code === undefined ? api.request('GET', '/setup') : Promise.resolve(true)),
      START_MS,
      'the service does not come up',
    );
    if (code !== undefined) throw new Error(`the service ended with ${code}: ${said.slice(-1500)}`);
    api.token = readFileSync(join(home, 'local-token'), 'utf8').trim();
    return await look({ api, home });
  } finally {
    child.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Steps that the database of a home has been through, and what is wrong with its pages. */
export async function databaseOf(home) {
  const file = join(home, 'cordboard.sqlite');
  const connection = new sqlite3.Database(file, sqlite3.OPEN_READONLY);
  const all = (sql) =>
    new Promise((resolve, reject) => connection.all(sql, (error, rows) => (error ? reject(error) : resolve(rows))));
  try {
    const steps = (await all('SELECT name FROM migrations')).map(({ name }) => name);
    const [{ integrity_check: whole }] = await all('PRAGMA integrity_check(1)');
    return { second: steps.includes(STEP), whole };
  } finally {
    await new Promise((resolve) => connection.close(resolve));
  }
}
