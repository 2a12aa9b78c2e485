// A whole box in the test's own process: real engine, virtual card, own folder and port.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Box, startBox } from '../../daemon/src/main.js';
import type { CallRow, SegmentRow } from '../../daemon/src/db/index.js';
import type { Log } from '../../daemon/src/platform/index.js';
import { lookAgain } from './turns.js';
import { writeTone } from './wav.js';
import { ANY_SIP_PORTS } from './sip-ports.js';

/** Between two looks at what has no event. */
const LOOKS = { leastMs: 15, mostMs: 60 };

/** Of whoever waits for what should come at once, on a machine that has much else to do. */
const PATIENCE_MS = 45_000;

/** One for each name, so far apart that none is taken for another. */
function tones(fromHz: number, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name, i) => [name, fromHz + 25 * i]));
}

/** Tones in place of words, a quarter of a second each. */
const PROMPTS: Record<string, number> = {
  welcome: 500,
  'main-menu': 600,
  'invalid-choice': 700,
  'no-agent': 800,
  goodbye: 900,
  'agent-signed-in': 1000,
  'agent-signed-out': 1100,
  'agent-ready': 1200,
  'agent-not-ready': 1300,
  'not-signed-in': 1400,
  'nothing-to-pick-up': 1500,
  'technical-fault': 1600,
  'callback-taken': 1700,
  'callback-whisper': 1800,
  'callback-hello': 1900,
  'survey-invitation': 1700,
  'survey-score': 1800,
  'survey-solved': 1900,
  'survey-invalid': 2000,
  'survey-thanks': 2100,
  ...tones(1700, [
    'vm-greeting',
    'vm-after-tone',
    'vm-full',
    'vm-nothing-said',
    'vm-review',
    'vm-sent',
    'vm-no-box',
    'vm-enter-box',
    'vm-locked',
    'vm-new-count',
    'vm-old-count',
    'vm-new-message',
    'vm-message',
    'vm-from',
    'vm-withheld',
    'vm-no-more',
    'vm-end-menu',
    'vm-menu',
    'vm-deleted',
    'vm-handled',
    'vm-hand-on',
    'vm-unknown-box',
    'vm-handed-on',
    'vm-no-call-back',
    'vm-calling-back',
    'vm-greeting-menu',
    'vm-which-greeting',
    'vm-choose-greeting',
    'vm-greeting-kept',
    'vm-no-such-greeting',
    'vm-notice',
    'record-after-tone',
    'record-review',
    'record-kept',
    'record-code-unknown',
    'announcement-on',
    'announcement-off',
    'announcement-menu',
    'announcement-unknown',
    'not-allowed',
    'enter-pin',
    'wrong-number-or-pin',
    'echo-test',
    'echo-test-again',
    'echo-test-nothing',
  ]),
  'conference-locked': 1700,
  'conference-full': 1800,
  'conference-not-begun': 1900,
  'conference-too-many-tries': 2000,
  'enter-pin': 1700,
  'wrong-number-or-pin': 1800,
  'sign-in-locked': 1900,
  'dial-barred': 2000,
  'no-number-known': 2100,
  'dial-no-way': 2200,
  'dial-unknown': 2300,
};

/** One that is always there and the same. */
const MUSIC = { CORDBOARD_MUSIC_STANDARD: 'cordboard' };

export interface TestBoxOptions {
  /** CORDBOARD_… */
  env?: Record<string, string>;
  home?: string;
  log?: Log;
  /** default the box of the sources */
  start?: typeof startBox;
}

/** What ends with the file instead of with the test: for a box that several tests share. */
export interface Ending {
  onEnd(work: () => Promise<void> | void): void;
}

/** Collects what is to end; call `end` after all tests. */
export function whileRunning(): Ending & { end(): Promise<void> } {
  const works: (() => Promise<void> | void)[] = [];
  return {
    onEnd: (work) => void works.push(work),
    end: async () => {
      for (const work of works.reverse()) await work();
    },
  };
}

/** Resolves when the box takes calls: the D-channels are up. It stops with the test, or with what is given. */
export async function startTestBox(
  options: TestBoxOptions = {},
  ending: Ending = { onEnd: (work) => onTestFinished(work) },
): Promise<Box> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'cordboard-box-'));
  if (options.home === undefined) ending.onEnd(() => rmSync(home, { recursive: true, force: true }));
  const prompts = join(home, 'test-prompts');
  mkdirSync(join(prompts, 'en'), { recursive: true });
  for (const [name, hertz] of Object.entries(PROMPTS)) writeTone(join(prompts, 'en', `${name}.wav`), hertz, 250);
  const env = { CORDBOARD_HTTP_PORT: '0', ...ANY_SIP_PORTS, CORDBOARD_LANGUAGE: 'en', ...MUSIC, ...options.env };
  // Another box is given by those who need not wait for the sources of this one.
  const start = options.start ?? (await import('../../daemon/src/main.js')).startBox;
  const box = await start({ home, env, promptsFolder: prompts, log: options.log });
  ending.onEnd(async () => void (await box.stop()));
  await dchannelsUp(box);
  return box;
}

export async function dchannelsUp(box: Box): Promise<void> {
  for (const { span } of box.trunks.list())
    await waitFor(box.live, 'span.updated', () => box.trunks.find(span)?.dchannelUp === true);
}

/** Resolves when the condition holds; it is looked at after every event of this name. */
export async function waitFor<Source extends { on(event: never, listener: never): () => void }>(
  source: Source,
  event: Parameters<Source['on']>[0],
  condition: () => boolean,
  limitMs = PATIENCE_MS,
): Promise<void> {
  if (condition()) return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      off();
      reject(new Error(`waited ${limitMs} ms in vain for ${String(event)} until ${condition.toString()}`));
    }, limitMs);
    const look = (): void => {
      if (!condition()) return;
      clearTimeout(timer);
      off();
      resolve();
    };
    const off = source.on(event as never, look as never);
  });
}

/** Signs an agent in as he does it: lifts the telephone, dials the code, hears the prompt, hangs up. */
export async function signInByPhone(box: Box, agentId: string, station: number): Promise<void> {
  await box.exchange.lift(station);
  await box.exchange.dial(station, `*11${agentId}#`);
  await waitFor(box.live, 'agent.updated', () => box.agents.find(agentId)?.state === 'ready');
  await box.exchange.hangUpPhone(station);
  await waitFor(box.live, 'station.updated', () => box.stations.find(station)?.offHook === false);
}

/** Resolves when a telephone can be rung again. */
export async function stationFree(box: Box, station: number): Promise<void> {
  await waitFor(box.live, 'station.updated', () => {
    const now = box.stations.find(station);
    return now !== undefined && !now.offHook && !now.busy && !now.ringing;
  });
}

export async function phase(box: Box, callId: string, wanted: string): Promise<void> {
  await waitFor(box.live, 'call.updated', () => (box.calls.find(callId)?.phase ?? 'gone') === wanted);
}

/** Places a call and resolves with the box's id of it when it has arrived. */
export async function callIn(
  box: Box,
  plan: Partial<Parameters<Box['exchange']['callers']['place']>[0]> = {},
): Promise<{ callId: string; exchangeId: string; timeslot: number }> {
  const arrived = new Promise<string>((resolve) =>
    box.calls.events.once('call.arrived', ({ call }) => resolve(call.id)),
  );
  const placed = await box.exchange.callers.place({ calledNumber: '95001', callingNumber: '13800138000', ...plan });
  return { callId: await arrived, exchangeId: placed.id, timeslot: placed.timeslot };
}

/** The call's row and segments once it has ended and all of it is stored. */
export async function storedCall(box: Box, callId: string): Promise<{ row: CallRow; segments: SegmentRow[] }> {
  await waitFor(box.live, 'call.removed', () => box.calls.find(callId) === undefined);
  let row: CallRow | null = null;
  const began = performance.now();
  while (performance.now() < began + PATIENCE_MS) {
    row = await box.db.calls.find(callId);
    const segments = await box.db.segments.listByCall(callId);
    if (row !== null && row.state === 'ended' && segments.every(({ endedAt }) => endedAt !== null))
      return { row, segments };
    await lookAgain(began, LOOKS);
  }
  throw new Error(`call ${callId} is not stored as ended: ${JSON.stringify(row)}`);
}

/** Where the recording of a call is that has ended, once it is complete. */
export async function recordingOf(box: Box, callId: string): Promise<string> {
  const began = performance.now();
  for (;;) {
    const recording = await box.db.recordings.findByCall(callId);
    if (recording?.state === 'complete') return join(box.config.recordingsFolder, recording.path);
    if (performance.now() > began + PATIENCE_MS)
      throw new Error(`call ${callId} is not recorded: ${JSON.stringify(recording)}`);
    await lookAgain(began, LOOKS);
  }
}

/** Nothing hangs on any port: legs, connections, playbacks and recordings are gone. */
export async function nothingLeaks(box: Box): Promise<void> {
  let left: unknown = null;
  const began = performance.now();
  while (performance.now() < began + PATIENCE_MS) {
    const snapshot = await box.engine.command('engine.snapshot', {});
    const { connections, plays, recordings } = snapshot;
    // A simulated telephone that rang knows only after a pause of the cadence that it does so no more.
    const legs = snapshot.legs.filter(({ kind, state }) => kind !== 'line' || state !== 'offered');
    left = { legs, connections, plays, recordings };
    if (legs.length + connections.length + plays.length + recordings.length === 0) return;
    await lookAgain(began, LOOKS);
  }
  throw new Error(`something is left over: ${JSON.stringify(left)}`);
}
