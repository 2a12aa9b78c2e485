// Is the version that was booted on trial good? The service answers, in the version that it should have; its database has been brought up
// to date and is whole; boards have no fault that they did not have before; and a call on the virtual card comes through.
import type { BoardsState, ExchangeCall, HealthReport, SystemInfo, UpdateStep } from '../contract/index.js';
import { errorText, type Clock } from '../platform/index.js';

export interface JudgeOptions {
  /** of the box that runs here; rejects when it does not answer */
  request<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T>;
  version: string;
  /** codes of faults of boards before the update */
  faultsBefore: readonly string[];
  clock: Clock;
  wait(ms: number): Promise<void>;
  /** for the service to answer, from now on */
  startMs?: number;
  told?(step: JudgeStep): void;
}

export type JudgeStep = UpdateStep;
export interface Judgement {
  good: boolean;
  /** what it failed in */
  step: JudgeStep | null;
  /** for the log: in English */
  reason: string;
}

const START_MS = 600_000;
const CALL_MS = 120_000;
const LOOK_MS = 1000;
/** the number of a new box; one that has another plan of numbers refuses the call, which is an answer as well */
const TEST_NUMBER = '95001';
/** Q.850: nobody took the call up: no circuit, network out of order, temporary failure, congestion, timer ran out, interworking */
const NOT_TAKEN_UP = new Set([34, 38, 41, 42, 44, 102, 111, 127]);

export async function judge(options: JudgeOptions): Promise<Judgement> {
  const steps: [JudgeStep, (options: JudgeOptions) => Promise<void>][] = [
    ['service', serviceAnswers],
    ['database', databaseIsWhole],
    ['cards', boardsAreWell],
    ['call', callComesThrough],
  ];
  for (const [step, look] of steps) {
    options.told?.(step);
    try {
      await look(options);
    } catch (error) {
      return { good: false, step, reason: errorText(error) };
    }
  }
  return { good: true, step: null, reason: '' };
}

async function serviceAnswers(options: JudgeOptions): Promise<void> {
  const info = await until(options, options.startMs ?? START_MS, 'the service does not answer', () =>
    options.request<SystemInfo>('GET', '/system').catch(() => undefined),
  );
  if (info.version !== options.version) throw new Error(`it says that it is version ${info.version}`);
}

async function databaseIsWhole({ request }: JudgeOptions): Promise<void> {
  const { concerns } = await request<HealthReport>('GET', '/system/health');
  if (concerns.some(({ kind }) => kind === 'database')) throw new Error('the database is damaged');
}

async function boardsAreWell({ request, faultsBefore }: JudgeOptions): Promise<void> {
  const { problems } = await request<BoardsState>('GET', '/boards');
  const found = problems.filter(({ fault, code }) => fault && !faultsBefore.includes(code));
  if (found.length > 0) throw new Error(found.map(({ text }) => text).join(' '));
}

async function callComesThrough(options: JudgeOptions): Promise<void> {
  const { request } = options;
  const { settings } = await request<{ settings: { path: string; value: unknown }[] }>('GET', '/settings');
  if (settings.find(({ path }) => path === 'virtual.spans')?.value === 0) return;
  let told = 'no call could be placed';
  // Right after the start the signalling of the virtual E1 is still coming up.
  await until(
    options,
    CALL_MS,
    () => told,
    async () => {
      try {
        told = await callOnce(options);
      } catch (error) {
        told = errorText(error);
      }
      return told === '' ? true : undefined;
    },
  );
}

/** Empty: it came through. */
async function callOnce(options: JudgeOptions): Promise<string> {
  const { request } = options;
  const placed = await request<ExchangeCall>('POST', '/exchange/calls', {
    calledNumber: TEST_NUMBER,
    hangUpAfterMs: 500,
  });
  const ended = await until(options, CALL_MS / 2, 'the call does not end', async () => {
    const call = await request<ExchangeCall>('GET', `/exchange/calls/${placed.id}`);
    return call.answeredAt !== null || call.state === 'released' ? call : undefined;
  });
  if (ended.answeredAt !== null || (ended.cause !== null && !NOT_TAKEN_UP.has(ended.cause))) return '';
  return `the call ended with cause ${ended.cause ?? 0}`;
}

/** Looks once a second until there is something; rejects when the time is over. */
async function until<T>(
  { clock, wait }: JudgeOptions,
  limitMs: number,
  why: string | (() => string),
  look: () => Promise<T | undefined>,
): Promise<T> {
  const end = clock.monotonicMs() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (clock.monotonicMs() > end)
      throw new Error(`${typeof why === 'string' ? why : why()} (${Math.round(limitMs / 1000)} s)`);
    await wait(LOOK_MS);
  }
}
