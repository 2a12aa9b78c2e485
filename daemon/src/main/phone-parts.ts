// Desk telephones joined to the services: accounts, the dial plan for their telephone books, and where they reach the box.
import { join } from 'node:path';
import { Secrets, type Config } from '../config/index.js';
import type { Db } from '../db/index.js';
import { reachableHost, sipServers } from '../http/index.js';
import type { DialPlan } from '../lines/index.js';
import { PhoneDesk, readVendors, type BookEntry } from '../phones/index.js';
import type { Clock, Log, Metrics } from '../platform/index.js';
import type { SipService } from '../sip/index.js';
import { PHONES } from './folders.js';

export interface PhonePartsOptions {
  config: Config;
  db: Db;
  plan: DialPlan;
  sip: SipService | undefined;
  /** of the analog telephones */
  stations: () => readonly { station: number; name: string }[];
  /** where the pages are; undefined: they do not run yet */
  address: () => { host: string; port: number } | undefined;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

const MOST_CONTACTS = 1000;
const PAGE = 200;
/** what is dialled before a number outside, where the routes want it */
const OUTSIDE = '0';

export function makePhones(options: PhonePartsOptions): PhoneDesk {
  const { config, db, sip, address, clock, log, metrics } = options;
  const { settings, home } = config;
  return new PhoneDesk({
    ...{ db, clock, log, metrics, vendors: readVendors(PHONES) },
    secrets: new Secrets(join(home, 'keys', 'access.key')),
    settings: () => settings.phones,
    realm: settings.sip.domain,
    servers: (security) => sipServers(settings.sip, sip?.ports, security),
    pages: () => {
      const { host, port } = address() ?? settings.http;
      const reached = reachableHost(host) ?? host;
      const shown = reached.includes(':') ? `[${reached}]` : reached;
      return { url: `http://${shown}:${port}`, reachable: !/^(?:127\.|localhost$|::1$)/.test(reached) };
    },
    timeZone: () => settings.timeZone,
    pickUpCode: () => settings.pickUpCode,
    applied: async () => sip?.applied(),
    resync: async (station, event) => (await sip?.resync(station, event)) ?? 0,
    book: (station) => bookOf(options, station),
  });
}

/** Colleagues, and those who have called, with the numbers that this station may dial. */
async function bookOf({ db, plan, stations }: PhonePartsOptions, station: number): Promise<BookEntry[]> {
  const inside = stations()
    .filter((one) => one.station !== station)
    .map(({ station: number, name }) => ({ name: name === '' ? String(number) : name, numbers: [String(number)] }));
  const outside: BookEntry[] = [];
  let before: string | undefined;
  do {
    const page = await db.contacts.list({ limit: PAGE, before });
    for (const { name, company, numbers } of page) {
      const dialled: string[] = [];
      for (const number of numbers) {
        const found = await dialledAs(plan, number, station);
        if (found !== undefined) dialled.push(found);
      }
      if (dialled.length > 0) outside.push({ name: company === '' ? name : `${name} (${company})`, numbers: dialled });
    }
    before = page.length < PAGE ? undefined : page.at(-1)?.id;
  } while (before !== undefined && outside.length < MOST_CONTACTS);
  return [...inside, ...outside.slice(0, MOST_CONTACTS).sort((a, b) => a.name.localeCompare(b.name))];
}

/** undefined: the station may not, or nobody has the number. */
async function dialledAs(plan: DialPlan, number: string, station: number): Promise<string | undefined> {
  for (const dialled of [number, `${OUTSIDE}${number}`]) {
    const { kind } = await plan.resolve(dialled, { station });
    if (kind !== 'refused' && kind !== 'incomplete') return dialled;
  }
  return undefined;
}
