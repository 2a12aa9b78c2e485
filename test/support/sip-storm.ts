// A building gets its power back: all telephones register within seconds, with a challenge each, and again later.
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadBox } from './sip-load-box.js';
import { RawPhone } from './sip-raw-phone.js';

export interface StormResult {
  phones: number;
  /** that got 200 */
  registered: number;
  refreshed: number;
  /** that were told something else in the end, or nothing */
  refused: number;
  /** times that a telephone was told to come again in some seconds (503), which it did */
  turnedAway: number;
  /** ms from the first request to the 200, challenge included */
  registerMs: number[];
  refreshMs: number[];
  /** requests that had to be sent again */
  resent: number;
  /** as the box tells it: stations with their own contact */
  stored: number;
}

const MOST_TRIES = 20;
const NEW_ACCOUNT_MS = 500;
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
      turnedAway: first.turnedAway + second.turnedAway,
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
  turnedAway: number;
  tookMs: number[];
}

/** All register, evenly within the time. */
async function wave(phones: readonly RawPhone[], withinMs: number): Promise<Wave> {
  const result: Wave = { good: 0, bad: 0, turnedAway: 0, tookMs: [] };
  const begun = performance.now();
  await Promise.all(
    phones.map(async (phone, i) => {
      await sleep((withinMs * i) / phones.length - (performance.now() - begun));
      const asked = performance.now();
      if (await registers(phone, () => (result.turnedAway += 1))) result.good += 1;
      else result.bad += 1;
      result.tookMs.push(performance.now() - asked);
    }),
  );
  return result;
}

/** Whether it is registered in the end: it comes again when it is told to (RFC 3261 21.5.4). */
async function registers(phone: RawPhone, turnedAway: () => void): Promise<boolean> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const answer = await phone.register(3600).catch(() => undefined);
    switch (answer?.status) {
      case 503:
        turnedAway();
        await sleep(1000 * Number(answer.headers.get('Retry-After') ?? 5));
        break;
      case 401:
        // The stack hears of a new account a moment after it was made.
        await sleep(NEW_ACCOUNT_MS);
        break;
      default:
        return answer?.status === 200;
    }
  }
  return false;
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
