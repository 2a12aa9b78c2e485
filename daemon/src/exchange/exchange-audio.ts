// Who listens to the simulator's telephones and callers, and speaks through them. One stream of the engine for each line, however
// many listen; of those who speak at once one is heard, until he is silent for a while.
import type { LineTarget } from '../contract/index.js';
import { type EngineClient } from '../engine/index.js';
import { AppError, errorText, type Log, type Unsubscribe } from '../platform/index.js';
import type { ExchangeCalls } from './exchange-calls.js';
import type { ExchangePhones } from './exchange-phones.js';
import { LineStream } from './line-stream.js';

export interface LineEar {
  /** A-law, 8 kHz */
  say(octets: Uint8Array): void;
  /** Idempotent. */
  close(): void;
}

export interface LineListener {
  heard(octets: Buffer): void;
  /** the call has ended; a telephone never goes */
  gone(): void;
}

export interface ExchangeAudioOptions {
  engine: EngineClient;
  telephones: ExchangePhones;
  callers: ExchangeCalls;
  log: Log;
}

/** Lines that are listened to at once: the engine has streams for more, and calls need them. */
const MOST_LINES = 24;
const MOST_OCTETS = 1600;
/** after so long without a word the next one may speak */
const WORD_MS = 300;

class Line {
  readonly listeners = new Set<LineListener>();
  stream: Promise<LineStream> | undefined;
  opened: LineStream | undefined;
  speaker: LineListener | undefined;
  spokeAt = 0;
}

export class ExchangeAudio {
  readonly #options: ExchangeAudioOptions;
  readonly #lines = new Map<string, Line>();
  #offs: Unsubscribe[] = [];

  constructor(options: ExchangeAudioOptions) {
    this.#options = options;
  }

  start(): void {
    const { telephones, callers } = this.#options;
    this.#offs = [
      telephones.events.on('phone.changed', ({ station }) => this.#follow(keyOf({ station }))),
      callers.events.on('call.changed', ({ id, state }) => {
        if (state === 'released') this.#gone(keyOf({ call: id }));
        else this.#follow(keyOf({ call: id }));
      }),
    ];
  }

  stop(): void {
    for (const off of this.#offs) off();
    for (const key of [...this.#lines.keys()]) this.#gone(key);
  }

  /** station_not_found, exchange_call_not_found, line_sound_refused */
  async listen(target: LineTarget, listener: LineListener): Promise<LineEar> {
    const key = keyOf(target);
    this.#portOf(key);
    let line = this.#lines.get(key);
    if (line === undefined) {
      if (this.#lines.size >= MOST_LINES) throw refused(`${MOST_LINES} lines are listened to already`, MOST_LINES);
      line = new Line();
      this.#lines.set(key, line);
    }
    line.listeners.add(listener);
    const close = (): void => this.#leave(key, listener);
    try {
      await this.#open(line);
      // The call may have ended, or its port be another one, while the stream was opened.
      if (line.listeners.has(listener)) await this.#join(key, line);
    } catch (error) {
      close();
      throw refused(errorText(error), error);
    }
    return { say: (octets) => this.#say(line, listener, octets), close };
  }

  async #open(line: Line): Promise<void> {
    line.stream ??= LineStream.open(this.#options.engine, this.#options.log, (octets) => {
      for (const listener of line.listeners) listener.heard(octets);
    });
    const stream = await line.stream;
    if (line.listeners.size === 0) stream.close();
    else line.opened = stream;
  }

  async #join(key: string, line: Line): Promise<void> {
    const port = this.#portOf(key);
    if (port === undefined) await line.opened?.part();
    else await line.opened?.join(port);
  }

  #follow(key: string): void {
    const line = this.#lines.get(key);
    if (line?.opened === undefined) return;
    this.#join(key, line).catch((error: unknown) =>
      this.#options.log.debug({ err: error, key }, 'a line that is listened to could not be followed'),
    );
  }

  #say(line: Line, listener: LineListener, octets: Uint8Array): void {
    if (octets.length === 0 || octets.length > MOST_OCTETS || !line.listeners.has(listener)) return;
    const now = performance.now();
    if (line.speaker !== listener && now - line.spokeAt < WORD_MS) return;
    line.speaker = listener;
    line.spokeAt = now;
    line.opened?.say(octets);
  }

  #leave(key: string, listener: LineListener): void {
    const line = this.#lines.get(key);
    if (line === undefined || !line.listeners.delete(listener) || line.listeners.size > 0) return;
    this.#lines.delete(key);
    line.opened?.close();
  }

  #gone(key: string): void {
    const line = this.#lines.get(key);
    if (line === undefined) return;
    this.#lines.delete(key);
    const listeners = [...line.listeners];
    line.listeners.clear();
    line.opened?.close();
    for (const listener of listeners) listener.gone();
  }

  /** undefined: the telephone is on its hook. Throws when there is no such line. */
  #portOf(key: string): number | undefined {
    const target = JSON.parse(key) as LineTarget;
    if ('station' in target) return this.#options.telephones.portInHand(target.station);
    return this.#options.callers.portOf(target.call);
  }
}

const keyOf = (target: LineTarget): string => JSON.stringify(target);

function refused(reason: string, cause: unknown): AppError<'line_sound_refused'> {
  return new AppError('line_sound_refused', { reason }, { cause });
}
