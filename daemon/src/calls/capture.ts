// What a caller says, into a file of its own: a message, a greeting, an answer. The call's own recording goes on beside it.
import { isRefusal, type RecordingEnded } from '../engine/index.js';
import { errorText } from '../platform/index.js';
import type { CallContext } from './call-context.js';
import type { Captured, CaptureOptions } from './flow-session.js';
import type { LiveCall } from './live-call.js';

/** A key sounds for some time before it is told, and until the file is closed. */
const KEY_TONE_MS = 150;
/** left of the silence that has ended it */
const PAUSE_MS = 400;
/** How long the engine may take to close the file once it was told to. */
const CLOSE_LIMIT_MS = 10_000;

/**
 * Records until the terminator, silence, the limit or the end of the call; other keys do nothing. Resolves when the file is closed,
 * also when the call has ended meanwhile. Rejects when it cannot begin, or the file was not closed.
 */
export async function capture(
  call: LiveCall,
  context: CallContext,
  path: string,
  { maxMs, silenceMs, terminator }: CaptureOptions,
): Promise<Captured> {
  call.signal.throwIfAborted();
  const { engine, clock } = context;
  const { port } = call.leg;
  call.digits.clear();
  let stopWaiting = (): void => undefined;
  let why: Captured['ended'] | undefined;
  const end = (by: Captured['ended']): void => {
    why ??= by;
    stopWaiting();
  };
  let spoke = false;
  let silence = clock.after(silenceMs, () => end('silence'));
  const limit = clock.after(maxMs, () => end('limit'));
  let closed: (ended: RecordingEnded) => void = () => undefined;
  const file = new Promise<RecordingEnded>((resolve) => (closed = resolve));
  let recording: number | undefined;
  /** that ended before it was known which of them is ours */
  const early: RecordingEnded[] = [];
  const offs = [
    engine.events.on('voice.changed', ({ port: of, speaking }) => {
      if (of !== port) return;
      silence.cancel();
      spoke ||= speaking;
      if (!speaking) silence = clock.after(silenceMs, () => end('silence'));
    }),
    engine.events.on('recording.ended', (ended) => {
      if (recording === undefined) early.push(ended);
      else if (ended.recording === recording) {
        closed(ended);
        end('hungUp');
      }
    }),
  ];
  try {
    await engine.command('detector.set', { port, dtmf: true, voice: true });
    ({ recording } = await engine.command('recording.start', { port, path }));
    const over = early.find((one) => one.recording === recording);
    if (over !== undefined) {
      closed(over);
      end('hungUp');
    }
    while (why === undefined) {
      const key = call.digits.wait(call.signal);
      stopWaiting = key.stop;
      if (why !== undefined) key.stop();
      const pressed = await key.pressed.catch(() => (end('hungUp'), false));
      if (pressed && call.digits.take() === terminator) end('key');
    }
    const { durationMs, reason, detail } = await stopped(context, recording, file);
    if (reason === 'failed') throw new Error(`what was said could not be kept: ${detail}`);
    const tailMs = why === 'key' ? KEY_TONE_MS : why === 'silence' ? Math.max(0, silenceMs - PAUSE_MS) : 0;
    return { durationMs, saidMs: Math.max(0, durationMs - tailMs), spoke, ended: why };
  } finally {
    for (const off of offs) off();
    silence.cancel();
    limit.cancel();
    if (call.ending === undefined)
      await engine
        .command('detector.set', { port, dtmf: true })
        .catch((error: unknown) => call.log.debug({ err: error }, `the detector stays as it is: ${errorText(error)}`));
  }
}

type Closed = Pick<RecordingEnded, 'durationMs' | 'reason' | 'detail'>;

/** Whoever stops it is answered when the file is closed; one whose leg has gone ends by itself, and is told of. */
async function stopped({ engine, clock }: CallContext, recording: number, ended: Promise<Closed>): Promise<Closed> {
  try {
    const { durationMs } = await engine.command('recording.stop', { recording });
    return { durationMs, reason: 'stopped', detail: '' };
  } catch (error) {
    if (!isRefusal(error, 'not_found') && !isRefusal(error, 'wrong_state')) throw error;
  }
  let fail: (error: Error) => void = () => undefined;
  const late = new Promise<never>((_, reject) => (fail = reject));
  const timer = clock.after(CLOSE_LIMIT_MS, () => fail(new Error('the engine did not close the file')));
  return Promise.race([ended, late]).finally(() => timer.cancel());
}
