// A building gets its power back: all telephones register within seconds, with a challenge each, and again later.
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadBox } from './sip-load-box.js';
import { RawPhone } from './sip-raw-phone.js';

export interface StormResult {
  phones: number;
  /** that got 200 */
  registered: number;
  refreshed: number;
  /** other final answers than 401 to the first and 200 to the second request, and none at all */
  refused: number;
  /** how often each final answer came, 0 where none did */
  statuses: Record<number, number>;
  /** ms from the first request to the 200, challenge included */
  registerMs: number[];
  refreshMs: number[];
  /** requests that had to be sent again */
  resent: number;
  /** as the box tells it: stations with their own contact */
  stored: number;
}

export const FIRST_STATION = 4000;

export async function stormOf(box: LoadBox, phones: number, withinMs: number): Promise<StormResult> {
  const numbers = Array.from({ length: phones }, (_, i) => FIRST_STATION + i);
  const secrets = await box.addStations(numbers);
  const all = await Promise.all(
    numbers.map((number, i) =>
      // Each has its own address, as on a network.
      RawPhone.open({ number, server: box.server, secret: secrets.get(number) ?? '', host: addressOf(i) }),
    ),
  );
  try {
    const first = await wave(all, withinMs);
    const second = await wave(all, withinMs);
    const stored = await storedContacts(box, all);
    return {
      phones,
      registered: first.good,
      refreshed: second.good,
      refused: first.bad + second.bad,
      statuses: first.statuses,
      registerMs: first.tookMs,
      refreshMs: second.tookMs,
      resent: all.reduce((sum, { resent }) => sum + resent, 0),
      stored,
    };
  } finally {
    for (const phone of all) phone.close();
  }
}

export function addressOf(i: number): string {
  return `127.1.${i >> 7}.${(i & 127) + 1}`;
}

interface Wave {
  good: number;
  bad: number;
  statuses: Record<number, number>;
  tookMs: number[];
}

/** All register, evenly within the time. */
async function wave(phones: readonly RawPhone[], withinMs: number): Promise<Wave> {
  const result: Wave = { good: 0, bad: 0, statuses: {}, tookMs: [] };
  const begun = performance.now();
  await Promise.all(
    phones.map(async (phone, i) => {
      await sleep((withinMs * i) / phones.length - (performance.now() - begun));
      const asked = performance.now();
      const status = await phone.register(3600).then(
        (answer) => answer.status,
        () => 0,
      );
      result.statuses[status] = (result.statuses[status] ?? 0) + 1;
      if (status === 200) result.good += 1;
      else result.bad += 1;
      result.tookMs.push(performance.now() - asked);
    }),
  );
  return result;
}

/** Stations that the box shows with the contact of their telephone; it is told in lots, some ms later. */
async function storedContacts(box: LoadBox, phones: readonly RawPhone[]): Promise<number> {
  const own = new Map(phones.map(({ number, contact }) => [number, contact.slice(1, -1)]));
  let stored = 0;
  for (let tries = 0; tries < 100 && stored < phones.length; tries++) {
    const list = await box.api.request<{ station: number; contact: string }[]>('GET', '/sip/registrations');
    stored = list.filter(({ station, contact }) => own.get(station) === contact).length;
    if (stored < phones.length) await sleep(100);
  }
  return stored;
}
