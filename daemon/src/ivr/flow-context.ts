// What a node's work is given, and what all nodes share: speaking to the caller, and reading his keys.
import type { FlowSession } from '../calls/flow-session.js';
import type { JsonObject } from '../contract/index.js';
import { errorText, type Clock, type Log } from '../platform/index.js';
import type { Scope } from './expressions/index.js';
import { evaluate, fill, parseExpression, type Value } from './expressions/index.js';
import type { FlowPorts } from './flow-ports.js';
import type { PromptLibrary } from './prompt-library.js';
import type { Variables } from './variables.js';

export interface FlowContext {
  /** that the node is in */
  readonly flow: string;
  /** name of the node that runs */
  readonly node: string;
  readonly session: FlowSession;
  readonly prompts: Pick<PromptLibrary, 'findAll'>;
  readonly ports: FlowPorts;
  readonly clock: Clock;
  readonly log: Log;
  readonly variables: Variables;
  /** For the trace: what the caller should have had and has not. */
  warn(warning: string): void;
  /** For the trace, of a node that the caller may be at for long: how it stands. */
  note(detail: string): void;
  /** Runs another flow; its results, or undefined when it ended the call. */
  call(flowId: string, parameters: JsonObject): Promise<JsonObject | undefined>;
}

/** How a caller leaves a node: on to another, back from a sub-flow, or out of the call. */
export type Step = { next: string; why: string; detail?: string } | { end: 'released' | 'finished'; why: string };

export const go = (next: string, why = 'next', detail?: string): Step => ({
  next,
  why,
  ...(detail === undefined ? {} : { detail }),
});

/** A node could not do its work, for a reason that is nobody's mistake in the program. */
export class NodeFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NodeFailure';
  }
}

/** Longest text that is spoken at once, characters. */
const LONGEST_SPEECH = 1000;

export function compute(source: string, scope: Scope): Value {
  return evaluate(parseExpression(source), scope);
}

export function filled(source: string, scope: Scope, limit = LONGEST_SPEECH): string {
  return fill(source, scope, limit);
}

export interface SpeakOptions {
  /** false: it is heard to its end, and keys pressed meanwhile are dropped */
  bargeIn?: boolean | undefined;
}

/**
 * Plays prompts until they end or the caller presses a key, which stays in the buffer for the node that asks for it.
 * A caller who has typed ahead hears none of it. A prompt that is there in another language only is played in that; one that is
 * missing or cannot be played is left out: a caller who knows the menu still gets through. Rejects with the signal's reason when the
 * call ends.
 */
export async function speak(context: FlowContext, names: readonly string[], options: SpeakOptions = {}): Promise<void> {
  const { session, log } = context;
  session.signal.throwIfAborted();
  if (skipped(context, options) || names.length === 0) return;
  const { files, missing, foreign } = await context.prompts.findAll(names, session.language);
  session.signal.throwIfAborted();
  for (const name of missing) {
    log.warn({ node: context.node, prompt: name }, 'there is no such prompt; it is left out');
    context.warn(`prompt ${name} is missing`);
  }
  for (const name of foreign ?? []) context.warn(`prompt ${name} is missing in ${session.language}`);
  if (files.length === 0) return;
  await playFiles(context, files, { prompts: [...names] }, options);
}

/** The same with files. `what`: for the call's record. */
export async function playFiles(
  context: FlowContext,
  files: string[],
  what: JsonObject,
  options: SpeakOptions = {},
): Promise<void> {
  const { session, log } = context;
  session.signal.throwIfAborted();
  if (skipped(context, options)) return;
  const segment = session.segment('prompt', { node: context.node, ...what, language: session.language });
  try {
    const playback = await session.play(files);
    const finished = options.bargeIn === false ? await playback.ended : await untilKey(session, playback.ended);
    session.signal.throwIfAborted();
    if (!finished) playback.stop();
    segment.end({ finished });
  } catch (error) {
    session.signal.throwIfAborted();
    segment.end({ finished: false, error: errorText(error) });
    log.warn({ err: error, node: context.node, files }, 'a prompt could not be played; it is left out');
    context.warn(`could not be played: ${errorText(error)}`);
  }
  if (options.bargeIn === false) session.digits.clear();
}

/**
 * The terminator that a caller may still press although his number had all the digits it may have. It is no answer to what comes next.
 */
const strays = new WeakMap<FlowSession, string>();

/** Whether the oldest unread key was such a one; any other ends the expectation. */
function dropStray(session: FlowSession): boolean {
  const stray = strays.get(session);
  if (stray === undefined || session.digits.length === 0) return false;
  strays.delete(session);
  return session.digits.drop(stray);
}

/** The next key; undefined when none is pressed within `timeoutMs`. Rejects with the signal's reason. */
export async function nextKey(session: FlowSession, timeoutMs: number): Promise<string | undefined> {
  for (;;) {
    dropStray(session);
    const digit = await session.digits.next(timeoutMs, session.signal);
    const stray = strays.get(session);
    if (digit !== undefined) strays.delete(session);
    if (digit === undefined || digit !== stray) return digit;
  }
}

function skipped({ session }: FlowContext, { bargeIn }: SpeakOptions): boolean {
  dropStray(session);
  if (bargeIn !== false) return session.digits.length > 0;
  session.digits.clear();
  return false;
}

async function untilKey(session: FlowSession, ended: Promise<boolean>): Promise<boolean> {
  for (;;) {
    const key = session.digits.wait(session.signal);
    const pressed = key.pressed.then(
      () => false,
      () => false,
    );
    const finished = await Promise.race([ended, pressed]);
    key.stop();
    if (finished || session.signal.aborted || !dropStray(session)) return finished;
  }
}

/** Says a text by a voice. Without one, or when it fails, a NodeFailure. */
export async function speakText(context: FlowContext, text: string, options: SpeakOptions = {}): Promise<void> {
  const { session, ports } = context;
  if (skipped(context, options) || text.trim() === '') return;
  if (ports.speaker === undefined) throw new NodeFailure('there is no voice to speak with');
  let file: string;
  try {
    file = await ports.speaker.speak(text, session.language);
  } catch (error) {
    session.signal.throwIfAborted();
    throw new NodeFailure(`the text could not be spoken: ${errorText(error)}`);
  }
  await playFiles(context, [file], { text: text.slice(0, 200) }, options);
}

export interface DigitsWanted {
  maxDigits: number;
  terminator: string;
  timeoutMs: number;
  interDigitMs: number;
}

/** Keys until the terminator, the last that there may be, or a pause. */
export async function readDigits({ session }: FlowContext, wanted: DigitsWanted): Promise<string> {
  let digits = '';
  while (digits.length < wanted.maxDigits) {
    const waitMs = digits === '' ? wanted.timeoutMs : wanted.interDigitMs;
    const digit = await nextKey(session, waitMs);
    if (digit === undefined || digit === wanted.terminator) return digits;
    digits += digit;
  }
  strays.set(session, wanted.terminator);
  return digits;
}
