// A box behind a router whose address outside it is told: browsers in the house have no way over that, and must reach it inside.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { whileRunning } from '../support/box.js';
import { addStation, DOMAIN, startSipBox, type SipBox } from '../support/peer-box.js';
import { speech } from '../support/speech.js';
import { lookAgain } from '../support/turns.js';
import { WebPhone } from '../support/web-phone.js';

/** RFC 5737: nobody is there */
const OUTSIDE = '203.0.113.9';
const CALLED = '13800138007';
const LOOKS = { leastMs: 20, mostMs: 200 };
const STATIONS = { '127.0.0.1': 1001, '[::1]': 1002 } as const;

let box: SipBox;
const running = whileRunning();

beforeAll(async () => {
  const env = {
    ...{ CORDBOARD_SIP_WS_PORT: '0', CORDBOARD_SIP_WEBRTC_PORT: '0', CORDBOARD_SIP_HOST: '::' },
    CORDBOARD_SIP_EXTERNAL_ADDRESS: OUTSIDE,
  };
  box = await startSipBox({ env }, running);
  box.exchange.subscribers.setPlan(CALLED, { answerAfterMs: 100 });
});
afterAll(() => running.end());

it.each(['127.0.0.1', '[::1]'] as const)(
  'a browser that sees the box at %s is told both, and heard inside',
  async (host) => {
    const inside = host.replace(/[[\]]/g, '');
    const number = STATIONS[host];
    const secret = await addStation(box, number, { digest: ['md5'], codecs: ['opus', 'pcma'] });
    const told: string[] = [];
    const phone = await WebPhone.start(
      {
        ...{ url: `ws://${host}:${box.sip!.ports!.wsPort}`, number, secret, domain: DOMAIN, says: speech(0).samples },
        heardOf: (sdp) => {
          told.push(...sdp.split(/\r?\n/).filter((line) => line.startsWith('a=candidate:')));
          return sdp;
        },
      },
      running,
    );
    await phone.dial(`0${CALLED}`);
    phone.speak();
    const addresses = told.map((line) => line.split(' ')[4]);
    expect(addresses[0], told.join('\n')).toBe(inside);
    expect(addresses.at(-1)).toBe(OUTSIDE);
    expect(new Set(addresses).size).toBe(addresses.length);
    const priorities = told.map((line) => Number(line.split(' ')[3]));
    expect(priorities).toEqual([...new Set(priorities)].sort((a, b) => b - a));

    const began = performance.now();
    for (;;) {
      const { legs } = await box.engine.command('engine.snapshot', {});
      const { streams } = await box.engine.command('streams.statistics', { legs: legs.map(({ leg }) => leg) });
      if (streams.some(({ packetsReceived, remote }) => packetsReceived > 50 && remote !== undefined)) break;
      await lookAgain(began, LOOKS);
    }
    phone.hangUp();
  },
);
