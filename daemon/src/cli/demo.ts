// One whole call on a box of its own, as it happens to a customer: an agent signs in with the keys of his telephone, a caller
// chooses from the menu, waits, is put through, both speak, it is recorded. What is reported is what was seen to happen.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Language } from '../contract/index.js';
import type { SegmentRow } from '../db/index.js';
import { BUNDLED_PROMPTS } from '../main/folders.js';
import { FIRST_NUMBER, startBox, type Box } from '../main.js';
import { errorText } from '../platform/index.js';
import { bothSidesSpoke } from './demo-audio.js';

export const DEMO_EVENTS = [
  'seized',
  'menu',
  'digit',
  'queued',
  'ringing',
  'answered',
  'recorded',
  'released',
] as const;
export type DemoEvent = (typeof DEMO_EVENTS)[number];

export interface DemoResult {
  ok: boolean;
  calledNumber: string;
  callingNumber: string;
  digits: string;
  /** waiting until a telephone rang */
  queueMs: number;
  ringMs: number;
  talkMs: number;
  /** absolute path; '' when there is none */
  recording: string;
  /** in the order in which they happened; ms since the caller began to call */
  events: { event: DemoEvent; atMs: number }[];
  /** why it is not ok */
  error?: string;
}

export interface DemoOptions {
  language: Language;
  /** keep the box's folder */
  keep: boolean;
  /** as it happens */
  happened?: (event: DemoEvent, atMs: number) => void;
  /** the box's folder, once there is one */
  homeMade?: (home: string) => void;
}

const CALLING_NUMBER = '13800138000';
const AGENT = '2001';
const STATION = 1;
/** a person reacts */
const THINK_MS = 700;
const RING_MS = 1500;
const TALK_MS = 3000;
/** A step that takes longer has failed; the whole takes about ten seconds. */
const STEP_LIMIT_MS = 10_000;

/** Never rejects: what fails stands in `error`. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const result: DemoResult = {
    ok: false,
    calledNumber: FIRST_NUMBER,
    callingNumber: CALLING_NUMBER,
    digits: '',
    queueMs: 0,
    ringMs: 0,
    talkMs: 0,
    recording: '',
    events: [],
  };
  let box: Box | undefined;
  let home: string | undefined;
  try {
    home = mkdtempSync(join(tmpdir(), 'cordboard-demo-'));
    options.homeMade?.(home);
    // Nothing of this machine's own settings gets into the throw-away box.
    const ports = { CORDBOARD_HTTP_PORT: '0', CORDBOARD_SIP_PORT: '0', CORDBOARD_SIPS_PORT: '0' };
    const env = { ...ports, CORDBOARD_LANGUAGE: options.language, CORDBOARD_VIRTUAL_STATIONS: '2' };
    box = await startBox({ home, env });
    await takeCall(box, result, options);
    result.ok = true;
  } catch (error) {
    result.error = errorText(error);
  }
  const failed = (await box?.stop()) ?? [];
  if (failed.length > 0) {
    result.ok = false;
    result.error ??= `did not stop: ${failed.join(', ')}`;
  }
  if (!options.keep && home !== undefined) rmSync(home, { recursive: true, force: true });
  return result;
}

async function takeCall(box: Box, result: DemoResult, options: DemoOptions): Promise<void> {
  const [callerSays, agentSays] = ['demo-caller', 'demo-agent'].map((name) => speech(name, options.language));
  await step('the D-channel comes up', (done) => {
    const look = (): void => (box.trunks.find(1)?.dchannelUp === true ? done() : undefined);
    box.live.on('span.updated', look);
    look();
  });
  await signIn(box);
  box.exchange.telephones.setPlan(STATION, {
    answer: true,
    answerAfterMs: RING_MS,
    play: null,
    playFile: agentSays,
    hangUpAfterMs: null,
    hangUpOnTone: true,
  });

  const begun = performance.now();
  const happened = (event: DemoEvent): void => {
    const atMs = Math.round(performance.now() - begun);
    result.events.push({ event, atMs });
    options.happened?.(event, atMs);
  };
  const over = follow(box, happened);
  const { id } = await box.exchange.callers.place({
    calledNumber: FIRST_NUMBER,
    callingNumber: CALLING_NUMBER,
    playFile: callerSays,
    talkMs: TALK_MS,
  });
  pressOneInTheMenu(box, id);
  const callId = await over;
  await readResult(box, callId, result, happened);
}

/** As an agent does it: lifts, dials, hears the prompt, hangs up. */
async function signIn(box: Box): Promise<void> {
  const ready = step('the agent is signed in', (done) => {
    box.live.on('agent.updated', ({ id, state }) => (id === AGENT && state === 'ready' ? done() : undefined));
  });
  await box.exchange.lift(STATION);
  const told = step('the prompt that confirms it has been heard', (done) => {
    box.engine.events.on('play.ended', ({ reason, playedMs }) =>
      reason === 'finished' && playedMs > 0 ? done() : undefined,
    );
  });
  await box.exchange.dial(STATION, `*11${AGENT}#`);
  await ready;
  await told;
  const down = step('the telephone is on the hook', (done) => {
    const look = (): void => (box.stations.find(STATION)?.offHook === false ? done() : undefined);
    box.live.on('station.updated', look);
    look();
  });
  if (box.exchange.telephones.find(STATION).offHook) await box.exchange.hangUpPhone(STATION).catch(() => undefined);
  await down;
}

/** Notes what happens to the call; resolves with its id when the caller's leg has gone. */
function follow(box: Box, happened: (event: DemoEvent) => void): Promise<string> {
  const { events } = box.calls;
  events.on('call.arrived', () => happened('seized'));
  events.on('call.segment', ({ kind, endedAt }) =>
    kind === 'menu' && endedAt === null ? happened('menu') : undefined,
  );
  events.on('call.digit', () => happened('digit'));
  events.on('call.queued', () => happened('queued'));
  events.on('call.connected', () => happened('answered'));
  box.exchange.telephones.events.on('phone.changed', ({ ringing }) => (ringing ? happened('ringing') : undefined));
  return new Promise((resolve, reject) => {
    events.on('call.released', ({ call, phase }) =>
      phase === 'talking'
        ? resolve(call.id)
        : reject(new Error(`the call ended while it was ${phase} (cause ${call.cause})`)),
    );
    setTimeout(() => reject(new Error('the call did not come to its end')), 2 * STEP_LIMIT_MS).unref();
  });
}

function pressOneInTheMenu(box: Box, exchangeCallId: string): void {
  const off = box.calls.events.on('call.segment', ({ kind }) => {
    if (kind !== 'menu') return;
    off();
    setTimeout(() => void box.exchange.sendDigits(exchangeCallId, '1').catch(() => undefined), THINK_MS);
  });
}

/** Reads from the database what the call was, and waits until nothing of it is left on the box. */
async function readResult(
  box: Box,
  callId: string,
  result: DemoResult,
  happened: (event: DemoEvent) => void,
): Promise<void> {
  const recording = await eventually('the recording is complete', async () => {
    const row = await box.db.recordings.findByCall(callId);
    return row?.state === 'complete' ? row : undefined;
  });
  happened('recorded');
  const row = await eventually('the call is written down', async () => {
    const stored = await box.db.calls.find(callId);
    return stored?.state === 'ended' ? stored : undefined;
  });
  await eventually('every port is free', async () => {
    const { legs, connections, plays } = await box.engine.command('engine.snapshot', {});
    return legs.length + connections.length + plays.length === 0 ? true : undefined;
  });
  happened('released');

  const segments = await box.db.segments.listByCall(callId);
  const lasted = (kind: SegmentRow['kind']): number => {
    const segment = segments.find((one) => one.kind === kind);
    return segment?.endedAt == null ? 0 : segment.endedAt - segment.startedAt;
  };
  result.digits = row.digits;
  result.ringMs = lasted('offer');
  result.queueMs = lasted('queued') - result.ringMs;
  result.talkMs = lasted('talk');
  const made = join(box.config.recordingsFolder, recording.path);
  bothSidesSpoke(made);
  result.recording = keepRecording(made, callId);
  if (row.cause !== 16 || row.agentId !== AGENT || row.digits !== '1')
    throw new Error(`the call was written down as ${JSON.stringify(row)}`);
  const order = result.events.map(({ event }) => event);
  if (order.join() !== DEMO_EVENTS.join()) throw new Error(`it happened in the order ${order.join(', ')}`);
}

function speech(name: string, language: Language): string {
  const file = join(BUNDLED_PROMPTS, language, `${name}.wav`);
  if (!existsSync(file)) throw new Error(`There is no ${file}: run \`npm run setup\`, which speaks the prompts.`);
  return file;
}

/** Where the recording stays when the box has gone: beside the homes of boxes, else among temporary files. */
function keepRecording(made: string, callId: string): string {
  const data = process.env['XDG_DATA_HOME'] || join(homedir(), '.local/share');
  for (const folder of [join(data, 'cordboard-demo'), join(tmpdir(), 'cordboard-demo')]) {
    try {
      mkdirSync(folder, { recursive: true });
      const kept = join(folder, `${callId}.wav`);
      copyFileSync(made, kept);
      return kept;
    } catch {
      // This one cannot be written; the next one may.
    }
  }
  throw new Error('the recording could not be kept: no folder can be written');
}

function step(what: string, begin: (done: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited in vain until ${what}`)), STEP_LIMIT_MS);
    begin(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Asks again and again, which is over in milliseconds, until there is an answer. */
async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + STEP_LIMIT_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
