// Joins the providers of lines: a leg is led to the one who has it, a target to the one who serves it, and their events
// become one stream.
import { AppError, TypedEmitter, type EventSource, type Log, type Unsubscribe } from '../platform/index.js';
import type {
  LegKeys,
  LineEvents,
  LineProvider,
  LineTarget,
  Lines,
  Referring,
  SeizeRequest,
  SeizedLeg,
  StationLine,
} from './lines.js';
import { targetWords } from './lines.js';

/** Q.850: facility not implemented */
const CANNOT = 69;

export interface LineSwitchOptions {
  /** where two of them serve the same target, the first is asked */
  providers: readonly LineProvider[];
  log: Log;
}

export class LineSwitch implements Lines {
  readonly #providers: readonly LineProvider[];
  readonly #events: TypedEmitter<LineEvents>;
  readonly #owners = new Map<number, LineProvider>();
  readonly #offs: Unsubscribe[];

  constructor({ providers, log }: LineSwitchOptions) {
    this.#providers = providers;
    this.#events = new TypedEmitter<LineEvents>(log);
    this.#offs = providers.flatMap((provider) => this.#listen(provider));
  }

  get events(): EventSource<LineEvents> {
    return this.#events;
  }

  get referring(): Referring {
    return {
      may: (leg, to) => this.#owners.get(leg)?.referring?.may(leg, to) ?? false,
      refer: (leg, to) =>
        this.#owners.get(leg)?.referring?.refer(leg, to) ?? Promise.resolve({ done: false, cause: CANNOT }),
    };
  }

  stop(): void {
    for (const off of this.#offs) off();
  }

  stations(): readonly StationLine[] {
    return this.#providers.flatMap((provider) => provider.stations());
  }

  async seize(request: SeizeRequest): Promise<SeizedLeg> {
    return this.#serving(request.target).seize(request);
  }

  async alert(leg: number, options?: { early?: boolean }): Promise<void> {
    await this.#owner(leg).alert(leg, options);
  }

  async answer(leg: number): Promise<void> {
    await this.#owner(leg).answer(leg);
    this.#events.emit('leg.accepted', { leg });
  }

  keys(leg: number): LegKeys {
    return this.#owners.get(leg)?.keys(leg) ?? { takesBeside: false, givesEvents: false };
  }

  async sendDigit(leg: number, digit: string): Promise<boolean> {
    return this.#owner(leg).sendDigit(leg, digit);
  }

  async release(leg: number, cause: number, text?: string): Promise<void> {
    await this.#owner(leg).release(leg, cause, text);
  }

  #listen(provider: LineProvider): Unsubscribe[] {
    const { events } = provider;
    const pass = <E extends keyof LineEvents>(event: E): Unsubscribe =>
      events.on(event, (data) => this.#events.emit(event, data));
    /** The owner is known before anybody hears of the leg, so that he can be told what to do with it. */
    const begin = <E extends 'leg.offered' | 'leg.seized'>(event: E): Unsubscribe =>
      events.on(event, (data) => {
        this.#owners.set(data.leg, provider);
        this.#events.emit(event, data);
      });
    return [
      begin('leg.offered'),
      begin('leg.seized'),
      pass('leg.progressed'),
      pass('leg.moved'),
      pass('leg.answered'),
      pass('leg.digit'),
      pass('leg.flashed'),
      pass('leg.held'),
      pass('leg.retrieved'),
      pass('leg.transferAsked'),
      pass('leg.party'),
      pass('leg.measured'),
      events.on('leg.released', (released) => {
        this.#owners.delete(released.leg);
        this.#events.emit('leg.released', released);
      }),
      pass('station.changed'),
      pass('station.removed'),
      pass('line.changed'),
    ];
  }

  #serving(target: LineTarget): LineProvider {
    const provider = this.#providers.find((one) => one.serves(target));
    if (provider === undefined) throw new AppError('line_unknown', { line: targetWords(target) });
    return provider;
  }

  #owner(leg: number): LineProvider {
    const provider = this.#owners.get(leg);
    if (provider === undefined) throw new AppError('leg_not_found', { leg });
    return provider;
  }
}
