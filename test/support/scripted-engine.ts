// A stand-in of the engine behind the daemon's own client: notes every command, answers as a test says, and sends the events
// a test makes up. It keeps legs, ports and playbacks as far as call control can see them.
import type {
  EngineCommands,
  EngineConfig,
  EngineEvents,
  EngineMessage,
  ErrorCode,
  LegOffered,
  Snapshot,
} from '@cordboard/native';
import { NativeEngineClient, type RawEngine } from '../../daemon/src/engine/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';

type CommandName = keyof EngineCommands;
type Params<C extends CommandName> = EngineCommands[C]['params'];
export interface NotedCommand<C extends CommandName = CommandName> {
  command: C;
  params: Params<C>;
}

interface Held {
  id: number;
  command: CommandName;
  params: unknown;
}

interface FakeLeg {
  leg: number;
  port: number;
  span: number;
  timeslot: number;
  analog: number;
  answered: boolean;
}

const TICK: Snapshot['tick'] = {
  ticks: 1,
  missed: 0,
  p50Us: 1,
  p99Us: 1,
  maxUs: 1,
  latenessP50Us: 1,
  latenessP99Us: 1,
  latenessMaxUs: 1,
  realtime: false,
  threads: 1,
};

export class ScriptedEngine {
  readonly commands: NotedCommand[] = [];
  readonly client: NativeEngineClient;
  readonly legs = new Map<number, FakeLeg>();
  readonly plays = new Map<number, number>();
  /** in the order in which they were made */
  readonly conferences: number[] = [];
  readonly recordings = new Map<number, { port: number; path: string }>();
  closed = false;
  /** of the media tick */
  ticks = 1;
  readonly #spans: number;
  readonly #stations: number;
  #deliver: (batch: EngineMessage[]) => void = () => undefined;
  readonly #refusals = new Map<CommandName, { code: ErrorCode; text: string; times: number }>();
  readonly #held = new Map<CommandName, Held[]>();
  #next = 1;

  constructor(options: { spans?: number; stations?: number } = {}) {
    this.#spans = options.spans ?? 1;
    this.#stations = options.stations ?? 4;
    const take = (deliver: (batch: EngineMessage[]) => void): void => void (this.#deliver = deliver);
    const submit = (id: number, command: CommandName, params: unknown): void => this.#submit(id, command, params);
    const close = (): Promise<void> => this.#close();
    class Raw implements RawEngine {
      constructor(_config: EngineConfig, deliver: (batch: EngineMessage[]) => void) {
        take(deliver);
      }
      submit(id: number, command: CommandName, params: unknown): void {
        submit(id, command, params);
      }
      close(): Promise<void> {
        return close();
      }
    }
    this.client = new NativeEngineClient(Raw, {} as EngineConfig, silentLog);
  }

  /** ports that streams get in place of theirs, one for each update that finds its peer taken */
  readonly conflicts: number[] = [];

  /** The commands of one name, in order. */
  sent<C extends CommandName>(command: C): Params<C>[] {
    return this.commands.filter((noted) => noted.command === command).map((noted) => noted.params as Params<C>);
  }

  /** The next `times` commands of this name are refused. */
  refuse(command: CommandName, code: ErrorCode, text: string, times = 1): void {
    this.#refusals.set(command, { code, text, times });
  }

  /** Commands of this name get no answer until `answer`. */
  hold(command: CommandName): void {
    this.#held.set(command, []);
  }

  /** Answers the commands that were held, and holds no more. */
  answer(command: CommandName): void {
    const held = this.#held.get(command) ?? [];
    this.#held.delete(command);
    for (const { id, params } of held) this.#reply(id, command, params);
  }

  emit<E extends keyof EngineEvents>(event: E, data: EngineEvents[E]): void {
    this.#deliver([{ event, data } as EngineMessage]);
  }

  /** A SETUP comes in. */
  offer(over: Partial<LegOffered> = {}): number {
    const leg = this.#next++;
    const offered: LegOffered = {
      leg,
      kind: 'timeslot',
      port: 1000 + leg,
      span: 1,
      timeslot: 1,
      analog: 0,
      calledNumber: '95001',
      callingNumber: '13800138000',
      callingName: '',
      complete: true,
      category: 'unknown',
      categorySignal: 0,
      redirectingNumber: '',
      redirectingReason: 'unknown',
      restricted: false,
      originalCalledNumber: '',
      ...over,
    };
    const { port, span, timeslot, analog } = offered;
    this.legs.set(leg, { leg, port, span, timeslot, analog, answered: false });
    this.emit('leg.offered', offered);
    return leg;
  }

  /** A telephone is lifted. */
  lift(station: number): number {
    return this.offer({
      kind: 'station',
      span: 0,
      timeslot: 0,
      analog: station,
      calledNumber: '',
      callingNumber: '',
      complete: false,
    });
  }

  /** The far end hangs up. */
  hangUp(leg: number, cause = 16): void {
    this.#release(leg, cause, 'remote');
  }

  fail(leg: number, cause = 41): void {
    this.#release(leg, cause, 'fault');
  }

  digit(leg: number, ...digits: string[]): void {
    for (const digit of digits) this.emit('leg.digit', { leg, digit, source: 'tone' });
  }

  /** The station that rings is lifted. */
  answerStation(station: number): number {
    const leg = this.ringing(station);
    if (leg === undefined) throw new Error(`station ${station} does not ring`);
    leg.answered = true;
    this.emit('leg.answered', { leg: leg.leg, port: leg.port });
    return leg.leg;
  }

  ringing(station: number): FakeLeg | undefined {
    return [...this.legs.values()].find((leg) => leg.analog === station && !leg.answered);
  }

  /** All that plays has been heard. */
  finishPlays(): void {
    for (const [play, port] of [...this.plays]) this.endPlay(play, port, 'finished');
  }

  endPlay(play: number, port: number, reason: EngineEvents['play.ended']['reason']): void {
    if (!this.plays.delete(play)) return;
    this.emit('play.ended', { play, port, reason, playedMs: 100 });
  }

  #submit(id: number, command: CommandName, params: unknown): void {
    if (this.closed) throw Object.assign(new Error('the engine is closed'), { code: 'closed' });
    this.commands.push({ command, params: params as never });
    const refusal = this.#refusals.get(command);
    if (refusal !== undefined && refusal.times > 0) {
      refusal.times -= 1;
      setImmediate(() => this.#deliver([{ re: id, error: { code: refusal.code, text: refusal.text } }]));
      return;
    }
    const held = this.#held.get(command);
    if (held !== undefined) held.push({ id, command, params });
    else setImmediate(() => this.#reply(id, command, params));
  }

  #reply(id: number, command: CommandName, params: unknown): void {
    const batch: EngineMessage[] = [];
    try {
      batch.push({ re: id, ok: this.#carryOut(command, params, batch) });
    } catch (error) {
      batch.push({ re: id, error: { code: 'not_found', text: (error as Error).message } });
    }
    this.#deliver(batch);
  }

  #carryOut(command: CommandName, params: unknown, batch: EngineMessage[]): unknown {
    switch (command) {
      case 'leg.seize':
        return this.#seize(params as Params<'leg.seize'>);
      case 'leg.answer':
        this.#leg((params as Params<'leg.answer'>).leg).answered = true;
        return {};
      case 'leg.release': {
        const { leg, cause } = params as Params<'leg.release'>;
        this.#leg(leg);
        this.#release(leg, cause ?? 16, 'local', batch);
        return {};
      }
      case 'play.start':
      case 'tone.start':
      case 'digits.send': {
        const { port } = params as { port: number };
        const play = this.#next++;
        this.plays.set(play, port);
        return { play, durationMs: 100 };
      }
      case 'play.stop': {
        const { play } = params as Params<'play.stop'>;
        const port = this.plays.get(play);
        if (port === undefined) throw new Error(`no playback ${play}`);
        this.plays.delete(play);
        batch.push({ event: 'play.ended', data: { play, port, reason: 'stopped', playedMs: 10 } });
        return {};
      }
      case 'recording.start': {
        const recording = this.#next++;
        this.recordings.set(recording, params as Params<'recording.start'>);
        return { recording };
      }
      case 'recording.stop': {
        const { recording } = params as Params<'recording.stop'>;
        if (!this.recordings.delete(recording)) throw new Error(`no recording ${recording}`);
        return { recording, durationMs: 700, bytes: 11_258, lostMs: 0 };
      }
      case 'stream.open': {
        const leg = this.#next++;
        const port = 1000 + leg;
        this.legs.set(leg, { leg, port, span: 0, timeslot: 0, analog: 0, answered: false });
        return { leg, port, address: '192.0.2.1', rtpPort: 20_000 + 2 * leg, rtcpPort: 20_001 + 2 * leg };
      }
      case 'stream.update': {
        const conflict = this.conflicts.shift();
        return conflict === undefined ? {} : { conflict };
      }
      case 'conference.create':
        this.conferences.push(this.#next++);
        return { conference: this.conferences.at(-1) };
      case 'engine.snapshot':
        return this.snapshot();
      case 'engine.dump':
        return { text: 'scripted engine' };
      default:
        return {};
    }
  }

  #seize({ span = 0, analog = 0, timeslot: asked = 0 }: Params<'leg.seize'>): unknown {
    const leg = this.#next++;
    const port = 1000 + leg;
    const timeslot = span === 0 || asked !== 0 ? asked : this.#idleTimeslot(span);
    this.legs.set(leg, { leg, port, span, timeslot, analog, answered: false });
    return { leg, port, timeslot };
  }

  #idleTimeslot(span: number): number {
    const taken = new Set([...this.legs.values()].filter((leg) => leg.span === span).map(({ timeslot }) => timeslot));
    return Array.from({ length: 31 }, (_, i) => i + 1).find((timeslot) => timeslot !== 16 && !taken.has(timeslot)) ?? 0;
  }

  #leg(leg: number): FakeLeg {
    const found = this.legs.get(leg);
    if (found === undefined) throw new Error(`no leg ${leg}`);
    return found;
  }

  /** As the engine does it: what plays and records on the port ends first, leg.released comes last. */
  #release(number: number, cause: number, by: 'remote' | 'local' | 'fault', before: EngineMessage[] = []): void {
    const leg = this.legs.get(number);
    if (leg === undefined) return;
    this.legs.delete(number);
    const batch: EngineMessage[] = [];
    for (const [play, port] of [...this.plays]) {
      if (port !== leg.port) continue;
      this.plays.delete(play);
      batch.push({ event: 'play.ended', data: { play, port, reason: 'released', playedMs: 10 } });
    }
    for (const [recording, { port }] of [...this.recordings]) {
      if (port !== leg.port) continue;
      this.recordings.delete(recording);
      const data = { recording, port, detail: '', durationMs: 1000, bytes: 16_058, lostMs: 0 };
      batch.push({ event: 'recording.ended', data: { ...data, reason: 'released' } });
    }
    batch.push({ event: 'leg.released', data: { leg: number, cause, by } });
    // A release of ours is answered first.
    if (by === 'local') setImmediate(() => this.#deliver(batch));
    else this.#deliver([...before, ...batch]);
  }

  snapshot(): Snapshot {
    const legOn = (span: number, timeslot: number): number =>
      [...this.legs.values()].find((leg) => leg.span === span && leg.timeslot === timeslot)?.leg ?? 0;
    const timeslots = Array.from({ length: 31 }, (_, i) => i + 1).filter((timeslot) => timeslot !== 16);
    return {
      spans: Array.from({ length: this.#spans }, (_, i) => ({
        span: i + 1,
        name: `E1-${i + 1}`,
        side: 'user' as const,
        signalling: 'pri' as const,
        alarms: [],
        dchannelUp: true,
        firstPort: 100,
        timeslots: timeslots.map((timeslot) => ({
          ...{ timeslot, port: 100 + timeslot, leg: legOn(i + 1, timeslot) },
          ...{ blockedHere: false, blockedThere: false },
        })),
      })),
      linkSets: [],
      analogs: Array.from({ length: this.#stations }, (_, i) => i + 1).flatMap((station) => [
        this.#analog(station, 'fxs', 500 + station),
        this.#analog(10_000 + station, 'fxo', 700 + station),
      ]),
      legs: [],
      streams: [],
      connections: [],
      conferences: [],
      plays: [],
      recordings: [],
      tick: { ...TICK, ticks: this.ticks },
      counters: [],
    };
  }

  #analog(analog: number, kind: 'fxs' | 'fxo', port: number): Snapshot['analogs'][number] {
    const leg = [...this.legs.values()].find((one) => one.analog === analog);
    return {
      analog,
      name: kind === 'fxs' ? `Station ${analog}` : `Telephone ${analog - 10_000}`,
      kind,
      port,
      offHook: leg?.answered ?? false,
      ringing: leg !== undefined && !leg.answered,
      leg: leg?.leg ?? 0,
      state: leg === undefined ? 'idle' : leg.answered ? 'talking' : 'ringing',
      battery: true,
      reversed: false,
      lamp: false,
    };
  }

  async #close(): Promise<void> {
    for (const leg of [...this.legs.keys()]) this.#release(leg, 41, 'fault');
    this.closed = true;
    await Promise.resolve();
  }
}
