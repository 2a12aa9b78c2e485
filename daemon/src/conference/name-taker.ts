// The name that somebody says before he comes into a room: kept until he goes.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FlowSession } from '../calls/index.js';
import type { EngineClient } from '../engine/index.js';
import { errorText, newUlid, type Log } from '../platform/index.js';
import type { Voice } from './voice.js';

const LONGEST_MS = 4000;
/** What is shorter is a click. */
const SHORTEST_MS = 300;

export class NameTaker {
  constructor(
    readonly folder: string,
    readonly engine: EngineClient,
    readonly voice: Voice,
    readonly log: Log,
  ) {}

  /** Names of a run before are nobody's. */
  async start(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    await mkdir(this.folder, { recursive: true });
  }

  /** A file with what he has said up to a key or for four seconds; undefined: nothing. Rejects when the call ends. */
  async take(session: FlowSession): Promise<string | undefined> {
    const { engine, folder, log, voice } = this;
    const { party } = session;
    if (party === undefined) return undefined;
    await voice.say(session, 'conference-say-name');
    session.digits.clear();
    const path = join(folder, `${newUlid()}.wav`);
    try {
      const { recording } = await engine.command('recording.start', { port: party.port, path });
      await session.digits.next(LONGEST_MS, session.signal);
      const { durationMs } = await engine.command('recording.stop', { recording });
      if (durationMs >= SHORTEST_MS) return path;
      this.forget(path);
    } catch (error) {
      this.forget(path);
      session.signal.throwIfAborted();
      log.warn({ err: error, callId: session.callId }, `a name was not taken: ${errorText(error)}`);
    }
    return undefined;
  }

  forget(path: string): void {
    rm(path, { force: true }).catch((error: unknown) => this.log.warn({ err: error, path }, 'a name was not removed'));
  }
}
