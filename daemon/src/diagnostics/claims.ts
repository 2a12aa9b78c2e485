// Lines that the technician's bench has for itself. Everybody else knows the engine through `others`, which hears nothing of
// the legs on these lines and can seize none; the bench hears them through `own`. A call from outside that comes to such a line is refused
// with cause 41 (temporary failure), so that the far end takes another way.
import { EngineRefusal, type EngineClient, type EngineEvents } from '../engine/index.js';
import { TypedEmitter, type EventSource, type Log } from '../platform/index.js';

type LegEvent = EngineEvents[keyof EngineEvents] & { leg?: number };
const LEG_EVENTS = [
  'leg.offered',
  'leg.progressed',
  'leg.answered',
  'leg.digit',
  'leg.flashed',
  'leg.released',
  'leg.metered',
] as const satisfies readonly (keyof EngineEvents)[];

const TEMPORARY_FAILURE = 41;

export class EngineClaims {
  /** for whoever serves calls */
  readonly others: EngineClient;
  readonly #engine: EngineClient;
  readonly #log: Log;
  readonly #own: TypedEmitter<EngineEvents>;
  readonly #rest: TypedEmitter<EngineEvents>;
  readonly #spans = new Set<number>();
  readonly #analogs = new Set<number>();
  readonly #legs = new Set<number>();
  readonly #expecting = new Set<(offered: EngineEvents['leg.offered']) => boolean>();

  constructor(engine: EngineClient, log: Log) {
    this.#engine = engine;
    this.#log = log;
    this.#own = new TypedEmitter<EngineEvents>(log);
    this.#rest = new TypedEmitter<EngineEvents>(log);
    for (const name of LEG_EVENTS) engine.events.on(name, (event) => this.#sort(name, event as LegEvent));
    engine.events.on('station.hook', (event) => {
      if (!this.#analogs.has(event.analog)) this.#rest.emit('station.hook', event);
    });
    const rest = this.#rest;
    const legEvents: ReadonlySet<string> = new Set<string>([...LEG_EVENTS, 'station.hook']);
    const sourceOf = (name: keyof EngineEvents): EventSource<EngineEvents> =>
      legEvents.has(name) ? rest : engine.events;
    const events: EventSource<EngineEvents> = {
      on: (name, listener) => sourceOf(name).on(name, listener),
      once: (name, listener) => sourceOf(name).once(name, listener),
    };
    this.others = {
      events,
      command: (command, params) => {
        const claimed = command === 'leg.seize' && this.#claims(params as { span?: number; analog?: number });
        if (claimed) return Promise.reject(new EngineRefusal(command, 'busy', 'the line is being measured'));
        return engine.command(command, params);
      },
      get closed() {
        return engine.closed;
      },
      close: () => engine.close(),
    };
  }

  /** Events of the legs on claimed lines. */
  get own(): EventSource<EngineEvents> {
    return this.#own;
  }

  /** Its own legs, on claimed lines. */
  async seize(params: {
    span?: number;
    analog?: number;
    timeslot?: number;
    calledNumber?: string;
    callingNumber?: string;
    callingName?: string;
  }): Promise<{
    leg: number;
    port: number;
    timeslot: number;
  }> {
    const seized = await this.#engine.command('leg.seize', params);
    this.#legs.add(seized.leg);
    return seized;
  }

  claim(lines: { spans: Iterable<number>; analogs: Iterable<number> }): void {
    for (const span of lines.spans) this.#spans.add(span);
    for (const analog of lines.analogs) this.#analogs.add(analog);
  }

  /** What is still up ends. */
  async giveBack(): Promise<void> {
    this.#expecting.clear();
    await Promise.all([...this.#legs].map((leg) => this.#refuse(leg)));
    this.#spans.clear();
    this.#analogs.clear();
  }

  /** Whoever takes one says so of each call that comes to a claimed line; those that nobody takes are refused. Gives what ends it. */
  expect(expects: (offered: EngineEvents['leg.offered']) => boolean): () => void {
    this.#expecting.add(expects);
    return () => this.#expecting.delete(expects);
  }

  #claims({ span, analog }: { span?: number; analog?: number }): boolean {
    return (span !== undefined && this.#spans.has(span)) || (analog !== undefined && this.#analogs.has(analog));
  }

  #sort(name: (typeof LEG_EVENTS)[number], event: LegEvent): void {
    const { leg } = event;
    if (name === 'leg.offered') {
      const offered = event as EngineEvents['leg.offered'];
      if (!this.#claims({ span: offered.span, analog: offered.analog })) return this.#rest.emit(name, offered);
      this.#legs.add(offered.leg);
      if (![...this.#expecting].some((expects) => expects(offered))) {
        this.#log.info(
          { span: offered.span, timeslot: offered.timeslot },
          'a call to a line that is being measured is refused',
        );
        void this.#refuse(offered.leg);
        return;
      }
    }
    const mine = leg !== undefined && this.#legs.has(leg);
    (mine ? this.#own : this.#rest).emit(name, event as never);
    if (mine && name === 'leg.released') this.#legs.delete(leg);
  }

  async #refuse(leg: number): Promise<void> {
    // It may be over already.
    await this.#engine.command('leg.release', { leg, cause: TEMPORARY_FAILURE }).catch(() => undefined);
  }
}
