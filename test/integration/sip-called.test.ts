// The box calls SIPp over carriers' trunks, for a telephone that dials: what a carrier may answer.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nothingLeaks, stationFree, storedCall, waitFor, whileRunning } from '../support/box.js';
import { ownNetwork } from '../support/free-ports.js';
import { addRouteOut, addTrunk, startSipBox, type SipBox } from '../support/peer-box.js';
import { SIPP_PORT, startSipp, type RunningSipp, type SippOptions } from '../support/sipp.js';
import type { TrunkRow } from '../../daemon/src/db/index.js';

/** each carrier has an address of its own */
const carriers = ownNetwork();
const STATIONS = 8;
const NUMBER = '13800138000';

let box: SipBox;
let lastTrunk = 0;
let lastRoute = 0;
const running = whileRunning();
beforeAll(async () => {
  box = await startSipBox({ env: { CORDBOARD_VIRTUAL_STATIONS: String(STATIONS) } }, running);
});
afterAll(async () => {
  try {
    await nothingLeaks(box);
  } finally {
    await running.end();
  }
});

interface Carrier extends RunningSipp {
  id: string;
}

/** SIPp with a trunk that leads to it. */
async function carrier(options: SippOptions, over: Partial<TrunkRow> = {}): Promise<Carrier> {
  const sipp = await startSipp({ address: carriers.address(), ...options }, running);
  const id = `carrier-${(lastTrunk += 1)}`;
  const transport = options.transport ?? 'udp';
  await addTrunk(box, id, { host: sipp.address, port: SIPP_PORT, transport, priority: 1, weight: 1 }, over);
  return { ...sipp, id };
}

/** The digits before a number that leads over these trunks, in turn. */
async function routeOver(...trunks: Carrier[]): Promise<string> {
  const prefix = `7${String((lastRoute += 1)).padStart(2, '0')}`;
  const ids = trunks.map(({ id }) => id);
  await addRouteOut(box, `${prefix}.`, ids);
  return prefix;
}

const idle = Array.from({ length: STATIONS }, (_, i) => i + 1);

interface DialledOut {
  callId: string;
  /** Resolves when they talk. */
  talking(): Promise<void>;
  /** Resolves when the one who is called says that it rings. */
  rings: Promise<void>;
  /** The telephone hangs up, when it has not been released, and all of the call is stored. */
  end(hangUp?: 'hangUp'): ReturnType<typeof storedCall>;
}

/** An idle telephone dials somebody outside. */
async function dialOut(...trunks: Carrier[]): Promise<DialledOut> {
  const prefix = await routeOver(...trunks);
  const station = idle.shift();
  if (station === undefined) throw new Error('every telephone is in a call');
  const rings = ringingAt(trunks[0]!.id);
  const arrived = new Promise<string>((resolve) => {
    const off = box.calls.events.on('call.arrived', ({ call }) => {
      if (call.callingNumber !== String(station)) return;
      off();
      resolve(call.id);
    });
  });
  await box.exchange.lift(station);
  await box.exchange.dial(station, `${prefix}${NUMBER}#`);
  const callId = await arrived;
  return {
    ...{ callId, rings },
    talking: () => waitFor(box.live, 'call.updated', () => box.calls.find(callId)?.phase === 'talking'),
    end: async (hangUp) => {
      if (hangUp !== undefined) await box.exchange.hangUpPhone(station);
      const stored = await storedCall(box, callId);
      await stationFree(box, station);
      idle.push(station);
      return stored;
    },
  };
}

function ringingAt(trunk: string): Promise<void> {
  const { events } = box.sip!.lines;
  return new Promise((resolve) => {
    events.on('leg.seized', ({ leg, place }) => {
      if (place.kind !== 'trunk' || place.trunk !== trunk) return;
      events.on('leg.progressed', (progressed) => (progressed.leg === leg ? resolve() : undefined));
    });
  });
}

const attempts = ({ segments }: Awaited<ReturnType<typeof storedCall>>): unknown =>
  segments.find(({ kind }) => kind === 'dial')?.data['attempts'];

describe.concurrent('a carrier', () => {
  it.each([['udp'], ['tcp']] as const)('somebody rings, answers and is hung up on, over %s', async (transport) => {
    const called = await carrier({ scenario: 'called', transport });
    const call = await dialOut(called);
    await call.talking();
    const { row } = await call.end('hangUp');
    expect(row).toMatchObject({ direction: 'out', cause: 16, releasedBy: 'caller' });
    const { messages } = await called.done;
    expect(messages).toContain(`INVITE sip:${NUMBER}@${called.address}`);
  });

  it.each([
    ['404 Not Found', 1],
    ['480 Temporarily Unavailable', 18],
    ['486 Busy Here', 17],
    ['500 Server Internal Error', 41],
    ['503 Service Unavailable', 41],
    ['600 Busy Everywhere', 17],
    ['603 Decline', 21],
  ])('a refusal becomes a cause, and is acknowledged: %s', async (status, cause) => {
    const called = await carrier({ scenario: 'called-refuses', keys: { status } });
    const stored = await (await dialOut(called)).end();
    expect(stored.row).toMatchObject({ answeredAt: null, cause });
    expect(attempts(stored)).toMatchObject([{ outcome: 'failed', cause }]);
    await called.done;
  });

  it.each([
    ['503 Service Unavailable', 2],
    ['486 Busy Here', 1],
  ])('after %s the other carrier is asked, when that may help', async (status, tried) => {
    const first = await carrier({ scenario: 'called-refuses', keys: { status } });
    const second = await carrier({ scenario: 'called' });
    const call = await dialOut(first, second);
    if (tried === 2) {
      await call.talking();
      expect(attempts(await call.end('hangUp'))).toMatchObject([{ outcome: 'failed' }, { outcome: 'answered' }]);
      await second.done;
    } else {
      expect(attempts(await call.end())).toHaveLength(1);
    }
    await first.done;
  });

  it('a carrier that has moved does not lead us elsewhere: the next one is asked', async () => {
    const stranger = await startSipp({ scenario: 'called', address: carriers.address() }, running);
    const moved = await carrier({ scenario: 'called-redirects', keys: { moved: `${stranger.address}:${SIPP_PORT}` } });
    const second = await carrier({ scenario: 'called' });
    const call = await dialOut(moved, second);
    await call.talking();
    expect(attempts(await call.end('hangUp'))).toMatchObject([{ outcome: 'failed' }, { outcome: 'answered' }]);
    await moved.done;
    await second.done;
  });

  it('a carrier that asks who calls is told', async () => {
    const account = { username: 'box', secret: 'of the carrier' };
    const called = await carrier({ scenario: 'called-challenges' }, account);
    const call = await dialOut(called);
    await call.talking();
    await call.end('hangUp');
    const { messages } = await called.done;
    const given = /Proxy-Authorization: Digest (.*)/.exec(messages)![1]!;
    const of = (name: string): string => new RegExp(`\\b${name}="?([^",]+)`).exec(given)![1]!;
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
    const [ha1, ha2] = [md5(`${account.username}:carrier:${account.secret}`), md5(`INVITE:${of('uri')}`)];
    expect(of('response')).toBe(md5([ha1, 'n0nce', of('nc'), of('cnonce'), 'auth', ha2].join(':')));
  });

  it('a carrier that tells reliably gets PRACK, and what there is to hear before the answer is heard', async () => {
    const called = await carrier({ scenario: 'called-reliable', pauseMs: 500 });
    const call = await dialOut(called);
    await call.talking();
    const { row } = await call.end('hangUp');
    expect(row).toMatchObject({ cause: 16, releasedBy: 'caller' });
    await called.done;
  });

  it('somebody who gives up while it rings cancels the call', async () => {
    const called = await carrier({ scenario: 'called-cancelled' });
    const call = await dialOut(called);
    await call.rings;
    const { row } = await call.end('hangUp');
    expect(row).toMatchObject({ answeredAt: null, releasedBy: 'caller' });
    await called.done;
  });

  it('an answer that crosses CANCEL is acknowledged and hung up on', async () => {
    const called = await carrier({ scenario: 'called-crossing' });
    const call = await dialOut(called);
    await call.rings;
    const { row } = await call.end('hangUp');
    expect(row).toMatchObject({ answeredAt: null, releasedBy: 'caller' });
    await called.done;
  });

  it.each([[1], [2], [3]])('over a line that loses one message in seven it is answered and ended (%i)', async () => {
    const called = await carrier({ scenario: 'called', lossPercent: 15 });
    const call = await dialOut(called);
    await call.talking();
    expect((await call.end('hangUp')).row).toMatchObject({ cause: 16, releasedBy: 'caller' });
    await called.done;
  });
});
