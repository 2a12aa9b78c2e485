// What the dial plan reads from the database, made ready for a number. Made anew when something has changed; while the database
// cannot be read, what was known before holds: an emergency call must not wait for a disk.
import type {
  ConferenceRoomRow,
  Db,
  DialRightRow,
  RingGroupRow,
  SipStationRow,
  TrunkRow,
  VoicemailBoxRow,
} from '../db/index.js';
import { errorText, type Log, type Unsubscribe } from '../platform/index.js';
import { InboundRoutes } from './inbound.js';
import type { NumberingPlan } from './numbering-plan.js';
import { OutboundRoutes } from './outbound.js';

export interface Tables {
  /** by number */
  readonly stations: ReadonlyMap<string, SipStationRow>;
  readonly groups: ReadonlyMap<string, RingGroupRow>;
  /** by number */
  readonly rooms: ReadonlyMap<string, ConferenceRoomRow>;
  /** voicemail boxes that have a number */
  readonly boxes: ReadonlyMap<string, VoicemailBoxRow>;
  readonly routes: InboundRoutes;
  /** by subject: station:NUMBER, agent:NUMBER */
  readonly rights: ReadonlyMap<string, DialRightRow>;
  /** by id */
  readonly trunks: ReadonlyMap<string, TrunkRow>;
  readonly outbound: OutboundRoutes;
}

const CHANGES = [
  'sipStation.changed',
  'ringGroup.changed',
  'conferenceRoom.changed',
  'route.changed',
  'trunk.changed',
  'outboundRoute.changed',
  'dialRight.changed',
  'voicemailBox.changed',
] as const;

export class TableReader {
  readonly #db: Db;
  readonly #plan: NumberingPlan;
  readonly #log: Log;
  readonly #changed: () => void;
  #tables: Tables | undefined;
  #reading: Promise<void> | undefined;
  #stale = true;
  #offs: Unsubscribe[] = [];

  /** `changed`: other tables are in force now. */
  constructor(db: Db, plan: NumberingPlan, log: Log, changed: () => void) {
    this.#db = db;
    this.#plan = plan;
    this.#log = log;
    this.#changed = changed;
  }

  /** Rejects when the database cannot be read. */
  async start(): Promise<void> {
    this.#offs = CHANGES.map((event) =>
      this.#db.events.on(event, () => {
        this.#stale = true;
        void this.fresh().catch(() => undefined);
      }),
    );
    await this.fresh();
  }

  stop(): void {
    for (const off of this.#offs) off();
    this.#offs = [];
  }

  /** As they were read last. */
  get current(): Tables | undefined {
    return this.#tables;
  }

  /** With every change that was committed before it was asked for; the last ones known when they cannot be read. */
  async fresh(): Promise<Tables> {
    while (this.#stale || this.#reading !== undefined) {
      this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
      try {
        await this.#reading;
      } catch (error) {
        if (this.#tables === undefined) throw error;
        this.#log.error({ err: error }, `the dial plan stays as it is: ${errorText(error)}`);
        break;
      }
    }
    if (this.#tables === undefined) throw new Error('the tables were neither read nor refused');
    return this.#tables;
  }

  async #read(): Promise<void> {
    // A change during the reading makes what is read stale again.
    this.#stale = false;
    try {
      const [stations, groups, routes, outbound, trunks, rights, rooms, boxes] = await Promise.all([
        this.#db.sipStations.list(),
        this.#db.ringGroups.list(),
        this.#db.routes.list(),
        this.#db.outboundRoutes.list(),
        this.#db.trunks.list(),
        this.#db.dialRights.list(),
        this.#db.conferences.rooms(),
        this.#db.voicemail.boxes(),
      ]);
      this.#tables = {
        stations: new Map(stations.map((row) => [String(row.number), row])),
        groups: new Map(groups.map((row) => [String(row.number), row])),
        rooms: new Map(rooms.flatMap((row) => (row.number === null ? [] : [[row.number, row]]))),
        boxes: new Map(boxes.flatMap((row) => (row.number === null ? [] : [[row.number, row] as const]))),
        routes: new InboundRoutes(routes),
        rights: new Map(rights.map((row) => [row.subject, row])),
        trunks: new Map(trunks.map((row) => [row.id, row])),
        outbound: new OutboundRoutes(this.#plan, outbound, trunks),
      };
    } catch (error) {
      this.#stale = true;
      throw error;
    }
    this.#changed();
  }
}
