// Calendars, lists, numbers and the dial plan, joined; what the pages ask of them.
import { join } from 'node:path';
import { CalendarBook } from '../calendar/index.js';
import type { Config } from '../config/index.js';
import type { JsonValue, Language, LiveEvents, RouteTry, RouteTryResult } from '../contract/index.js';
import type { Db, DbEvents } from '../db/index.js';
import { TableDialPlan, stepText, type Step } from '../dialplan/index.js';
import type { RoutingPort } from '../http/index.js';
import { ListBook } from '../lists/index.js';
import { NumberBlocks, NumberBook } from '../numbers/index.js';
import type { Clock, Log, TypedEmitter, Unsubscribe } from '../platform/index.js';
import { NUMBERS } from './folders.js';

export interface RoutingOptions {
  config: Config;
  db: Db;
  live: TypedEmitter<LiveEvents>;
  analogStations: () => readonly number[];
  clock: Clock;
  log: (part: string) => Log;
}

const EVENTS = ['route', 'outboundRoute', 'calendar', 'dutyGroup', 'numberList'] as const;

export class Routing {
  readonly calendars: CalendarBook;
  readonly lists: ListBook;
  readonly plan: TableDialPlan;
  readonly #numbers: NumberBook;
  readonly #options: RoutingOptions;
  #offs: Unsubscribe[] = [];

  constructor(options: RoutingOptions) {
    const { config, db, live, analogStations, clock, log } = options;
    this.#options = options;
    const { settings, numbering } = config;
    this.calendars = new CalendarBook({ db, live, clock, timeZone: settings.timeZone, log: log('calendar') });
    this.lists = new ListBook({ db, clock, log: log('lists') });
    const blocks = new NumberBlocks(join(NUMBERS, 'cn.txt'));
    let numbers: NumberBook | undefined;
    this.plan = new TableDialPlan({
      ...{ db, numbering, analogStations, clock, log: log('dialplan'), calendars: this.calendars, lists: this.lists },
      numbers: (plan) => (numbers = new NumberBook(settings.country, plan, blocks)),
    });
    if (numbers === undefined) throw new Error('the dial plan did not take the numbers');
    this.#numbers = numbers;
  }

  async start(): Promise<void> {
    const { db, live } = this.#options;
    this.#offs = EVENTS.map((kind) =>
      db.events.on(`${kind}.changed`, ({ id, removed }: DbEvents[`${(typeof EVENTS)[number]}.changed`]) =>
        live.emit('routing.changed', { kind, id, removed }),
      ),
    );
    this.#offs.push(
      db.events.on('dialRight.changed', ({ subject, removed }) =>
        live.emit('routing.changed', { kind: 'dialRight', id: subject, removed }),
      ),
    );
    await this.calendars.start();
    await this.lists.start();
    await this.plan.start();
  }

  stop(): void {
    for (const off of this.#offs) off();
    this.plan.stop();
    this.lists.stop();
    this.calendars.stop();
  }

  port(): RoutingPort {
    return {
      calendars: this.calendars,
      lists: this.lists,
      normalise: (number) => this.plan.normalise(number),
      numberInfo: (number) => this.#numbers.info(number),
      tryRoute: (request, language) => this.#try(request, language),
    };
  }

  async #try(request: RouteTry, language: Language): Promise<RouteTryResult> {
    const at = request.at ?? this.#options.clock.wallMs();
    const { station, trunk, to, from, callingNumber } = request;
    await Promise.all([this.calendars.applied(), this.lists.applied()]);
    const caller = station === null ? (from === '' ? '' : this.plan.callerFrom(from, trunk)) : String(station);
    const dialFrom =
      station === null ? { station, trunk, callingNumber: caller } : { station, shownNumber: callingNumber };
    const { number, resolution, treatment, steps } = await this.plan.explain(to, dialFrom, at);
    const { kind, ...target } = resolution;
    return {
      ...{ at, number, caller, outcome: kind, treatment },
      target: JSON.parse(JSON.stringify(target)) as JsonValue,
      steps: (await this.#named(steps)).map((step) => ({
        ...{ code: step.code, routeId: step.routeId, text: stepText(step, language) },
      })),
    };
  }

  /** With calendars, lists and trunks by the names that people have given them. */
  async #named(steps: readonly Step[]): Promise<Step[]> {
    if (steps.length === 0) return [];
    const { db } = this.#options;
    const [lists, trunks] = await Promise.all([db.numberLists.list(), db.trunks.list()]);
    const inWords = (rows: readonly { id: string; name: string }[], ids: string | number): string =>
      String(ids)
        .split(', ')
        .map((id) => rows.find((row) => row.id === id)?.name ?? id)
        .join(', ');
    return steps.map((step) => {
      const { calendar, list, lists: on, trunks: over, ...rest } = step.params;
      const params: Record<string, string | number> = { ...rest };
      if (calendar !== undefined) params['calendar'] = inWords(this.calendars.list(), calendar);
      if (list !== undefined) params['list'] = inWords(lists, list);
      if (on !== undefined) params['lists'] = inWords(lists, on);
      if (over !== undefined) params['trunks'] = inWords(trunks, over);
      return { ...step, params };
    });
  }
}
