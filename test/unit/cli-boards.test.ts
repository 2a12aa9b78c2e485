// The command of root: what it does on a machine made of a folder, and that a home which is not root's cannot lead it astray.
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { lastApplied } from '../../daemon/src/boards/index.js';
import { runCli } from '../../daemon/src/cli/index.js';
import { BoardMachine, TDM800P, TE405P } from '../support/board-machine.js';
import { temporaryFolder } from '../support/temporary-folder.js';

afterEach(() => vi.restoreAllMocks());

async function boards(what: string, settings: object | undefined, machine: BoardMachine, ...more: string[]) {
  const home = temporaryFolder();
  if (settings !== undefined) writeFileSync(join(home, 'settings.json'), JSON.stringify(settings));
  return { home, ...(await run([what, '--home', home, '--root', machine.folders.root, ...more])) };
}

async function run(args: string[]) {
  const said: string[] = [];
  const keep = (text: unknown): boolean => said.push(String(text)) > 0;
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
  vi.stubEnv('LANG', 'en_US.UTF-8');
  const code = await runCli(['boards', ...args]);
  return { code, said: said.join('') };
}

const machine = () => new BoardMachine(temporaryFolder(), [TE405P, TDM800P]);
const E1 = { version: 3, boards: { spans: [{ span: 2, device: 1 }] } };

test('shows boards and spans, checks, and prints what would be written', async () => {
  const one = machine();
  const shown = await boards('show', E1, one);
  expect(shown.said).toContain('0000:02:05.0  TE405P, TE407P');
  expect(shown.said).toContain('5  ANALOG_MIXED  Wildcard TDM800P');
  expect(await boards('check', E1, one)).toMatchObject({ code: 0 });
  const fault = await boards('check', { version: 3, boards: { spans: [{ span: 2, device: 9 }] } }, one);
  expect(fault).toMatchObject({ code: 1 });
  expect((await boards('preview', E1, one)).said).toContain('+span=1,1,0,ccs,hdb3,crc4\n');
});

test('a home that is not root’s: links are not followed, old settings are not rewritten, the request is taken', async () => {
  const one = machine();
  const home = temporaryFolder();
  const secret = join(temporaryFolder(), 'secret.json');
  writeFileSync(secret, JSON.stringify(E1));
  symlinkSync(secret, join(home, 'settings.json'));
  writeFileSync(join(home, 'boards-request'), '');
  const linked = await run(['apply', '--home', home, '--root', one.folders.root]);
  expect(linked).toMatchObject({ code: 1 });
  expect(existsSync(join(home, 'boards-request'))).toBe(false);
  expect(lastApplied(one.folders.root)).toMatchObject({ state: 'rolledBack', step: 'check' });
  const old = await boards('apply', { version: 2 }, one);
  expect(old.code).toBe(1);
  expect(existsSync(join(old.home, 'settings.json.new'))).toBe(false);
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'settings.json'));
  expect((await run(['check', '--home', folder, '--root', one.folders.root])).code).toBe(1);
});

test('only root may change the machine itself', async () => {
  vi.spyOn(process, 'getuid').mockReturnValue(1000);
  const { code, said } = await run(['apply', '--home', temporaryFolder()]);
  expect([code, said]).toEqual([1, expect.stringContaining('sudo cordboard boards apply')]);
  expect((await run(['sing'])).code).toBe(2);
});
