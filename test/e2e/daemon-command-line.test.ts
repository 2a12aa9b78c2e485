// The command `cordboard` as people and scripts use it.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { DemoResult } from '../../daemon/src/cli/demo.js';
import type { Agent, Span } from '../../daemon/src/contract/index.js';
import { DaemonProcess, eventually } from '../support/daemon-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { loudness, stereoAlaw, writeTone } from '../support/wav.js';

const PROGRAM = fileURLToPath(new URL('../../daemon/bin/cordboard.mjs', import.meta.url));

function cordboard(args: string[], env: Record<string, string> = {}) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/tmp', LANG: 'C.UTF-8', ...env },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

it('demo --json prints one line that says what happened, and keeps the recording', async () => {
  const data = temporaryFolder();
  const begun = performance.now();
  const { code, stdout, stderr } = await cordboard(['demo', '--json'], { XDG_DATA_HOME: data });
  expect(stderr).toBe('');
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  const result = JSON.parse(stdout) as DemoResult;
  expect(result).toMatchObject({ ok: true, calledNumber: '95001', callingNumber: '13800138000', digits: '1' });
  expect(result.events.map(({ event }) => event)).toEqual([
    'seized',
    'menu',
    'digit',
    'queued',
    'ringing',
    'answered',
    'recorded',
    'released',
  ]);
  expect(result.events.map(({ atMs }) => atMs)).toEqual(result.events.map(({ atMs }) => atMs).sort((a, b) => a - b));
  expect(result.ringMs).toBeGreaterThan(1000);
  expect(result.talkMs).toBeGreaterThan(2500);
  expect(result.recording.startsWith(data)).toBe(true);
  const { left, right } = stereoAlaw(result.recording);
  expect(loudness(left)).toBeGreaterThan(100);
  expect(loudness(right)).toBeGreaterThan(100);
  expect(code).toBe(0);
  expect(performance.now() - begun).toBeLessThan(30_000);
});

it('demo --json says so when it cannot be', async () => {
  // No folder can be made for the throw-away box.
  const { code, stdout } = await cordboard(['demo', '--json'], { TMPDIR: '/proc/nowhere' });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: expect.any(String) });
});

it.each([
  [['frobnicate'], 'There is no command "frobnicate"; see: cordboard help'],
  [['demo', '--jsn'], "Unknown option '--jsn'; see: cordboard help"],
  [['exchange', 'call'], 'Which number is called? Give it with --to.'],
  [['exchange', 'alarm', '1', 'pink', 'on'], 'An alarm is los, red, yellow or ais; not "pink".'],
  [['exchange', 'calls', '--home', '/nowhere'], /^No box runs with the home \/nowhere .* Start one: cordboard start$/],
])('%j is answered with a sentence', async (args, sentence) => {
  const { code, stdout, stderr } = await cordboard(args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  if (typeof sentence === 'string') expect(stderr).toBe(`${sentence}\n`);
  else expect(stderr.trimEnd()).toMatch(sentence);
});

it('help tells what there is', async () => {
  const { code, stdout } = await cordboard([]);
  expect(code).toBe(0);
  for (const word of ['start', 'demo', 'exchange', '--talk']) expect(stdout).toContain(word);
});

it('the exchange is driven from the command line', async () => {
  const home = temporaryFolder();
  const daemon = new DaemonProcess(home, { CORDBOARD_LANGUAGE: 'en', CORDBOARD_VIRTUAL_STATIONS: '2' });
  await daemon.start();
  await eventually(
    () => daemon.api.request<Span[]>('GET', '/spans'),
    ([span]) => span?.dchannelUp === true,
  );
  const exchange = (...args: string[]) => cordboard(['exchange', ...args, '--home', home]);
  const speech = join(home, 'Some Speech.wav');
  writeTone(speech, 440, 500);

  expect((await exchange('phone', '1', 'lift')).stdout).toBe('telephone 1  off the hook, lets it ring\n');
  expect((await exchange('phone', '1', 'lift')).stderr).toBe(
    'Telephone 1 cannot do that now: it is off the hook already.\n',
  );
  await exchange('phone', '1', 'dial', '*112001#');
  await eventually(
    () => daemon.api.request<Agent>('GET', '/agents/2001'),
    ({ state }) => state === 'ready',
  );
  await exchange('phone', '1', 'hang-up');
  expect((await exchange('phone', '1', 'answer', '--after', '0.2', '--play', speech)).stdout).toBe(
    'telephone 1  on the hook, answers after 0.2 s\n',
  );
  const call = await exchange(
    'call',
    '--from',
    '13800138000',
    '--to',
    '95001',
    '--digits',
    '1',
    '--play',
    speech,
    '--talk',
    '1',
  );
  expect(call.stderr).toBe('');
  expect(call.code).toBe(0);
  expect(call.stdout).toMatch(
    /E1-1\/\d+ {2}13800138000 → 95001 {2}answered\n[^\n]*released \(cause 16, by caller\)\n$/,
  );

  expect((await exchange('call', '--to', '404')).code).toBe(1);
  expect((await exchange('call', '--to', '95001', '--play', '/nowhere.wav')).stderr).toMatch(
    /^\/nowhere\.wav cannot be played/,
  );
  await exchange('alarm', '1', 'red', 'on');
  expect((await daemon.api.request<Span[]>('GET', '/spans'))[0]?.alarms).toEqual(['red']);
  await exchange('alarm', '1', 'red', 'off');
  expect((await exchange('calls')).stdout.trimEnd().split('\n')).toHaveLength(2);
  expect(await daemon.end('SIGINT'), daemon.output).toBe(0);
  expect(existsSync(join(home, 'address'))).toBe(false);
  expect(daemon.output).toContain('There is no administrator yet');
  expect(daemon.output).toContain(readFileSync(join(home, 'setup-code'), 'utf8').trim());
});
