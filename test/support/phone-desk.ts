// A desk of telephones with a database of its own; accounts are in force at once, and nobody is told anything.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished, vi } from 'vitest';
import { Secrets, SettingsSchema, type Settings } from '../../daemon/src/config/index.js';
import { DEFAULT_CODECS } from '../../daemon/src/contract/index.js';
import type { Db, SipStationRow } from '../../daemon/src/db/index.js';
import { PhoneDesk, readVendors, type BookEntry, type PhoneAnswer } from '../../daemon/src/phones/index.js';
import { Metrics, silentLog } from '../../daemon/src/platform/index.js';
import { FakeClock } from './clock-fake.js';
import { T0 } from './db-rows.js';
import { temporaryFolder } from './temporary-folder.js';
import { testDatabase } from './test-database.js';

export const VENDORS = readVendors(fileURLToPath(new URL('../../firmware-config/phones', import.meta.url)));

export const sipStation = (number: number, over: Partial<SipStationRow> = {}): SipStationRow => ({
  ...{ number, name: String(number), language: 'zh-CN', security: 'any', srtp: 'none', codecs: [...DEFAULT_CODECS] },
  ...{
    dtmf: 'auto',
    digest: ['md5'],
    maxContacts: 3,
    maxCalls: 4,
    callingNumber: '',
    allowedClasses: [],
    enabled: true,
  },
  ...{ realm: 'cordboard', ha1Md5: 'a'.repeat(32), ha1Sha256: 'b'.repeat(64), createdAt: T0 },
  ...over,
});

export interface DeskOfPhones {
  desk: PhoneDesk;
  db: Db;
  clock: FakeClock;
  settings: Settings['phones'];
  /** station and event of every NOTIFY */
  told: string[];
  book: BookEntry[];
  /** a telephone asks; `url` as it was told, or a path */
  fetch(url: string, over?: { address?: string; userAgent?: string; authorization?: string }): Promise<PhoneAnswer>;
  /** the text; throws when there is none */
  file(url: string, over?: { address?: string; userAgent?: string; authorization?: string }): Promise<string>;
}

const nobodyNotes = (): Promise<void> => Promise.resolve();
export { nobodyNotes as unnoted };

export async function deskOfPhones(
  zone = 'Asia/Shanghai',
  home = temporaryFolder(),
  given?: Db,
): Promise<DeskOfPhones> {
  const db = given ?? (await testDatabase(home));
  const clock = new FakeClock();
  const { phones: settings } = SettingsSchema.parse({});
  const told: string[] = [];
  const book: BookEntry[] = [];
  const ports = { tls: 5061, tcp: 5060, udp: 5060 };
  const desk = new PhoneDesk({
    ...{ db, clock, log: silentLog, metrics: new Metrics(), vendors: VENDORS, realm: 'cordboard' },
    secrets: new Secrets(join(home, 'access.key')),
    settings: () => settings,
    servers: (security) =>
      (['tls', 'tcp', 'udp'] as const)
        .filter((transport) => security === 'any' || transport === 'tls')
        .map((transport) => ({ host: '192.168.1.10', port: ports[transport], transport })),
    pages: () => ({ url: 'http://192.168.1.10:8080', reachable: true }),
    timeZone: () => zone,
    pickUpCode: () => '*8',
    applied: () => Promise.resolve(),
    resync(station, event) {
      told.push(`${station} ${event}`);
      return Promise.resolve(1);
    },
    book: () => Promise.resolve(book),
  });
  await desk.start();
  onTestFinished(() => desk.stop());
  const fetch: DeskOfPhones['fetch'] = (url, over = {}) =>
    desk.answer({
      path: url.replace(/^https?:\/\/[^/]+/, ''),
      ...{ address: '192.168.1.50', userAgent: undefined, authorization: undefined },
      ...over,
    });
  return {
    ...{ desk, db, clock, settings, told, book, fetch },
    async file(url, over) {
      const found = await fetch(url, over);
      if (found.kind !== 'file') throw new Error(`${url}: ${found.kind}`);
      return found.text;
    },
  };
}

/** Resolves when what is done beside has been done. */
export const settled = (condition: () => Promise<boolean>): Promise<void> =>
  vi.waitFor(async () => {
    if (!(await condition())) throw new Error('not yet');
  }, 20_000);
