// What callers say to the record nodes of flows: a row before the first second, a file that is encrypted with the keys of the
// recordings when it is closed, and removed when it has been kept for long enough. What a crash cuts off is kept as far as it goes.
import type { FlowSession } from '../calls/index.js';
import type { Db, FlowRecordingRow } from '../db/index.js';
import { AppError, errorText, newUlid, type Clock, type Log, type Timer } from '../platform/index.js';
import type { PlainSource } from './plain-source.js';
import type { VoiceStore } from './voice-store.js';

export interface FlowRecordingsOptions {
  db: Db;
  store: VoiceStore;
  /** 0: for ever */
  keepDays: number;
  clock: Clock;
  log: Log;
}

interface RecordOptions {
  maxMs: number;
  silenceMs: number;
  terminator: string;
}

const TONE_MS = 400;
const EXPIRE_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

export class FlowRecordings {
  readonly #options: FlowRecordingsOptions;
  /** being made by this run */
  readonly #begun = new Set<string>();
  #timer: Timer | undefined;

  constructor(options: FlowRecordingsOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { db, store, clock, log } = this.#options;
    for (const { id } of await db.voice.flowRecordingsBegun()) if (!this.#begun.has(id)) await this.#keep(id);
    await store.tidy(this.#begun);
    this.#timer = clock.every(EXPIRE_EVERY_MS, () => {
      this.expire().catch((error: unknown) => log.error({ err: error }, `flow recordings: ${errorText(error)}`));
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** As the port of the record node. `file` is the id under which it is found. */
  async record(
    session: FlowSession,
    { maxMs, silenceMs, terminator }: RecordOptions,
    { flow, node }: { flow: string; node: string },
  ): Promise<{ file: string; durationMs: number }> {
    const { db, store, clock } = this.#options;
    const { callId, callingNumber } = session;
    const id = newUlid();
    const path = await store.incoming(id);
    const row: FlowRecordingRow = {
      ...{ id, callId, flowId: flow, node, callingNumber },
      ...{ startedAt: clock.wallMs(), durationMs: 0, state: 'recording' },
    };
    this.#begun.add(id);
    try {
      await db.write((tx) => tx.voice.insertFlowRecording(row));
      await session.tone('dial', TONE_MS);
      await session.capture(path, { maxMs, silenceMs, terminator });
    } finally {
      this.#begun.delete(id);
      await this.#keep(id);
    }
    session.signal.throwIfAborted();
    return { file: id, durationMs: (await this.find(id)).durationMs };
  }

  /** AppError flow_recording_not_found. */
  async find(id: string): Promise<FlowRecordingRow> {
    const row = await this.#options.db.voice.flowRecording(id);
    if (row?.state !== 'kept') throw new AppError('flow_recording_not_found', { id });
    return row;
  }

  /** AppError flow_recording_not_found. */
  async open(id: string): Promise<PlainSource> {
    await this.find(id);
    return this.#options.store.open(id);
  }

  /** AppError flow_recording_not_found. */
  async remove(id: string): Promise<void> {
    await this.find(id);
    await this.#drop(id);
  }

  /** Removes what has been kept for long enough; how many there were. */
  async expire(): Promise<number> {
    const { db, clock, keepDays } = this.#options;
    if (keepDays === 0) return 0;
    const old = await db.voice.flowRecordingsBefore(clock.wallMs() - keepDays * DAY_MS);
    for (const { id } of old) await this.#drop(id);
    return old.length;
  }

  /** Never rejects: without a file there is nothing to keep. */
  async #keep(id: string): Promise<void> {
    const { db, store, log } = this.#options;
    try {
      const { durationMs } = await store.keep(id);
      await db.write((tx) => tx.voice.updateFlowRecording(id, { state: 'kept', durationMs }));
      await store.tidy(this.#begun);
    } catch (error) {
      log.error({ recording: id, err: error }, `what a caller said is not kept: ${errorText(error)}`);
      await this.#drop(id).catch(() => undefined);
    }
  }

  async #drop(id: string): Promise<void> {
    await this.#options.db.write((tx) => tx.voice.removeFlowRecording(id));
    await this.#options.store.remove(id);
  }
}
