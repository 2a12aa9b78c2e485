// The recording of a room: a seat that only listens hears the whole mix, and is recorded as any other port. The seat is a stream of
// the engine that has no other end, so it needs neither a telephone nor SIP.
//
//   ear opened → seated, listening → row on the disk → recording → stopped → ear released
import type { CallRecorder, StartedRecording } from '../calls/index.js';
import type { ConferenceRoomRow, Db, RecordingRow } from '../db/index.js';
import type { EngineClient } from '../engine/index.js';
import { AppError, errorText, newUlid, type Clock, type Log } from '../platform/index.js';

export interface RoomRecordingOptions {
  engine: EngineClient;
  recorder: CallRecorder;
  db: Db;
  clock: Clock;
  log: Log;
}

/** The rows must be on the disk before anything is recorded: what no row names would not be repaired after a crash. */
const COMMIT_LIMIT_MS = 4000;
const NORMAL_CLEARING = 16;

export class RoomRecording {
  readonly id: string;
  readonly #started: StartedRecording;
  readonly #close: () => void;

  private constructor(id: string, started: StartedRecording, close: () => void) {
    this.id = id;
    this.#started = started;
    this.#close = close;
    void started.ended.then(close);
  }

  /** `callId`: of a party who is there; the recording hangs on its call. AppError conference_not_recorded. */
  static async start(
    options: RoomRecordingOptions,
    conference: number,
    room: ConferenceRoomRow,
    callId: string,
  ): Promise<RoomRecording> {
    const { engine, recorder, db, clock, log } = options;
    const refused = (reason: string, from?: unknown): AppError =>
      new AppError('conference_not_recorded', { id: room.id, reason }, { cause: from });
    let ear: { leg: number; port: number };
    try {
      ear = await engine.command('stream.open', { incoming: false });
    } catch (error) {
      throw refused(errorText(error), error);
    }
    let open = true;
    const close = (): void => {
      if (!open) return;
      open = false;
      engine
        .command('leg.release', { leg: ear.leg, cause: NORMAL_CLEARING })
        .catch((error: unknown) => log.debug({ err: error }, 'the ear of a recording had gone before'));
    };
    try {
      await engine.command('conference.join', { conference, port: ear.port, role: 'listen' });
      const row = rowOf(recorder.plan(callId, clock.wallMs(), 1));
      await db.put(() => ({ recordings: [row] }), { lockWaitMs: COMMIT_LIMIT_MS });
      await db.write((tx) => tx.conferences.addRecording({ id: row.id, roomId: room.id, roomName: room.name }), {
        lockWaitMs: COMMIT_LIMIT_MS,
      });
      const started = await recorder.start(row, ear.port);
      if (started === undefined) throw new Error('the engine does not record');
      return new RoomRecording(row.id, started, close);
    } catch (error) {
      close();
      throw refused(errorText(error), error);
    }
  }

  /** Resolves when the file is closed; never rejects. */
  get ended(): Promise<unknown> {
    return this.#started.ended;
  }

  async stop(): Promise<void> {
    this.#started.stop();
    await this.#started.ended;
    this.#close();
  }
}

/** A file of its own, beside those of the call. */
function rowOf(row: RecordingRow): RecordingRow {
  return { ...row, path: row.path.replace(/[^/]+$/, `conference-${newUlid()}.wav`) };
}
