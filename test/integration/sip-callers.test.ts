// SIPp calls the box, over a carrier's trunk and as a telephone.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nothingLeaks, stationFree, storedCall, waitFor, whileRunning } from '../support/box.js';
import { ownNetwork } from '../support/free-ports.js';
import { addStation, addTrunk, startSipBox, type SipBox } from '../support/peer-box.js';
import { TlsPeer } from '../support/sip-tls-peer.js';
import { SIPP_PORT, runSipp, startSipp, type SippOptions, type SippOutcome } from '../support/sipp.js';

/** calls from here are the carrier's */
const carrier = ownNetwork();
const STATIONS = 6;

let box: SipBox;
const running = whileRunning();
beforeAll(async () => {
  box = await startSipBox({ env: { CORDBOARD_VIRTUAL_STATIONS: String(STATIONS) } }, running);
  const host = { host: carrier.address(), port: SIPP_PORT, transport: 'udp', priority: 1, weight: 1 } as const;
  await addTrunk(box, 'carrier', host, { sources: [carrier.network] });
  await addStation(box, 1001, { digest: ['md5'] });
  await addStation(box, 1002, { digest: ['md5'] });
  await addStation(box, 1003);
});
afterAll(async () => {
  try {
    await nothingLeaks(box);
  } finally {
    await running.end();
  }
});

const secretOf = (number: number, uri = 'cordboard') => ({
  username: String(number),
  secret: `secret-of-${number}`,
  uri,
});

/** From the carrier; resolves with how it went and the box's ids of the calls, in the order in which they came. */
async function callsIn(options: SippOptions): Promise<SippOutcome & { callIds: string[] }> {
  const address = carrier.address();
  const caller = `8${address.replace(/\D/g, '')}`;
  const callIds: string[] = [];
  const off = box.calls.events.on('call.arrived', ({ call }) => {
    if (call.callingNumber === caller) callIds.push(call.id);
  });
  const outcome = await runSipp({ to: box.sipPort, address, ...options, keys: { caller, ...options.keys } }, running);
  off();
  return { ...outcome, callIds };
}

const stored = async ({ callIds: [callId] }: { callIds: string[] }) => storedCall(box, callId!);
const kinds = (segments: { kind: string }[]): string[] => segments.map(({ kind }) => kind);
/** How often a message stands in the log. */
const count = (messages: string, start: RegExp): number => messages.match(start)?.length ?? 0;

describe.concurrent('telephones that register', () => {
  it('one that knows its secret is registered until it goes away', async () => {
    const seen: boolean[] = [];
    box.sip!.lines.events.on('station.changed', ({ station, reachable }) => {
      if (station === 1001) seen.push(reachable);
    });
    await runSipp({ scenario: 'register', to: box.sipPort, service: '1001', account: secretOf(1001) }, running);
    await waitFor(box.sip!.lines.events, 'station.changed', () => seen.length === 2);
    expect(seen).toEqual([true, false]);
  });

  it('one that comes over TCP', async () => {
    await runSipp(
      { scenario: 'register', to: box.sipPort, transport: 'tcp', service: '1002', account: secretOf(1002) },
      running,
    );
  });

  it('one with a wrong secret is not', async () => {
    const wrong = { ...secretOf(1001), secret: 'guessed' };
    await runSipp({ scenario: 'register-wrong', to: box.sipPort, service: '1001', account: wrong }, running);
  });
});

describe.concurrent('telephones over TLS', () => {
  it.each(['SHA-256', 'MD5'] as const)(
    'one that answers with %s is registered, and called the way it came',
    async (algorithm) => {
      const number = algorithm === 'MD5' ? 1004 : 1005;
      const secret = await addStation(box, number, { security: 'tls', srtp: 'required' });
      const peer = await TlsPeer.connect(box.sipsPort, number, running);
      const challenged = await peer.register();
      expect(challenged).toMatch(/^SIP\/2\.0 401 /);
      const refused = await peer.register(peer.credentials(challenged, algorithm, 'guessed'));
      expect(refused).toMatch(/^SIP\/2\.0 401 /);
      expect(await peer.register(peer.credentials(refused, algorithm, secret))).toMatch(
        /^SIP\/2\.0 200 [^]*expires=300/,
      );
      const calling = callsIn({ scenario: 'call-declined', service: String(number) });
      const invite = await peer.next();
      expect(invite).toMatch(new RegExp(`^INVITE sip:${number}@`));
      // It has to be secret, and to say so.
      expect(invite).toMatch(/m=audio \d+ RTP\/SAVP /);
      peer.answer(invite, '603 Decline');
      expect(await peer.next()).toMatch(/^ACK /);
      expect((await stored(await calling)).row).toMatchObject({ cause: 21, releasedBy: 'callee' });
    },
  );

  it('one that has to come over TLS is refused over UDP', async () => {
    await addStation(box, 1006, { security: 'tls', srtp: 'required', digest: ['md5'] });
    await runSipp({ scenario: 'register-refused', to: box.sipPort, service: '1006', account: secretOf(1006) }, running);
  });
});

describe.concurrent('calls that come in', () => {
  it('into the menu, over UDP, and are hung up by the caller', async () => {
    const call = await callsIn({ scenario: 'call' });
    const { row, segments } = await stored(call);
    expect(row).toMatchObject({ direction: 'in', calledNumber: '95001', flowId: 'main', cause: 16 });
    expect(row.releasedBy).toBe('caller');
    expect(kinds(segments)).toEqual(expect.arrayContaining(['seized', 'recording', 'flow', 'prompt', 'released']));
  });

  it('over TCP', async () => {
    const { row } = await stored(await callsIn({ scenario: 'call', transport: 'tcp' }));
    expect(row).toMatchObject({ direction: 'in', cause: 16, releasedBy: 'caller' });
  });

  it('ten at once', async () => {
    const { successful, failed, callIds } = await callsIn({ scenario: 'call', calls: 10, rate: 20 });
    expect({ successful, failed, arrived: callIds.length }).toEqual({ successful: 10, failed: 0, arrived: 10 });
  });

  it('without an offer: ours is answered with the ACK', async () => {
    expect((await stored(await callsIn({ scenario: 'call-no-offer' }))).row.answeredAt).not.toBeNull();
  });

  it('for nobody: 404', async () => {
    const { row } = await stored(await callsIn({ scenario: 'call-refused', service: '88888' }));
    expect(row).toMatchObject({ answeredAt: null, releasedBy: 'system' });
  });

  it.each([['hold'], ['hold-inactive'], ['update']])('%s: the other one is held and taken back', async (scenario) => {
    const { row, segments } = await stored(await callsIn({ scenario }));
    expect(row).toMatchObject({ cause: 16, releasedBy: 'caller' });
    expect(row.answeredAt).not.toBeNull();
    expect(kinds(segments)).toContain('flow');
  });

  it('are given up while they ring: CANCEL, 487', async () => {
    const { row } = await stored(await callsIn({ scenario: 'cancel', service: '1' }));
    expect(row).toMatchObject({ answeredAt: null, releasedBy: 'caller', calledNumber: '1' });
  });

  it('are given up when they have been answered: both stand', async () => {
    const { row } = await stored(await callsIn({ scenario: 'cancel-late' }));
    expect(row.answeredAt).not.toBeNull();
    expect(row).toMatchObject({ cause: 16, releasedBy: 'caller' });
  });

  it('want to be told reliably that it rings: PRACK, then the answer', async () => {
    const phones = box.exchange.telephones;
    const off = phones.events.on('phone.changed', ({ station, ringing, offHook }) => {
      if (station === 2 && ringing && !offHook) void box.exchange.lift(2);
    });
    const { row } = await stored(await callsIn({ scenario: 'reliable', service: '2' }));
    off();
    expect(row.answeredAt).not.toBeNull();
    await stationFree(box, 2);
  });

  it('want a session timer that is too short: 422, then one that is long enough, refreshed', async () => {
    expect((await stored(await callsIn({ scenario: 'session-timer' }))).row.cause).toBe(16);
  });

  it('acknowledge late: the answer is said again until then, and the call stands', async () => {
    const call = await callsIn({ scenario: 'late-ack', pauseMs: 1800 });
    // At 0, 500 and 1500 ms.
    expect(
      count(call.messages, /^SIP\/2\.0 200 OK\r?\n(?:(?!\r?\n\r?\n)[^])*?CSeq: 1 INVITE/gm),
    ).toBeGreaterThanOrEqual(3);
    expect((await stored(call)).row).toMatchObject({ cause: 16, releasedBy: 'caller' });
  });

  it('over a line that loses one message in seven, both ways: none is lost', async () => {
    const { successful, failed, callIds } = await callsIn({ scenario: 'call', calls: 12, rate: 20, lossPercent: 15 });
    expect({ successful, failed }).toEqual({ successful: 12, failed: 0 });
    expect(new Set(callIds).size).toBe(12);
    // Where both its ACK and its BYE were thrown away SIPp takes our repeated 200 for the answer to its BYE, and has gone: the menu, to
    // which nobody says anything, hangs up.
    await waitFor(box.live, 'call.removed', () => callIds.every((id) => box.calls.find(id) === undefined), 40_000);
  });
});

it('a telephone transfers the one whom it has called, and is told how it went', async () => {
  const phones = box.exchange.telephones;
  const off = phones.events.on('phone.changed', ({ station, ringing, offHook }) => {
    if (station === 3 && ringing && !offHook) void box.exchange.lift(station);
  });
  // Not at once: of what happens in one moment a telephone is told the last word alone.
  phones.setPlan(4, {
    ...{ answer: true, answerAfterMs: 400, play: null, hangUpAfterMs: null, hangUpOnTone: true },
  });
  const arrived = new Promise<string>((resolve) =>
    box.calls.events.once('call.arrived', ({ call }) => resolve(call.id)),
  );
  const sipp = await startSipp(
    {
      ...{
        scenario: 'refer',
        to: box.sipPort,
        service: '3',
        account: secretOf(1001, `3@127.0.0.1:${box.sipPort}`),
        pauseMs: 500,
      },
      keys: { caller: '1001', target: '4' },
    },
    running,
  );
  await sipp.done;
  const callId = await arrived;
  off();
  await box.exchange.hangUpPhone(4);
  const { segments } = await storedCall(box, callId);
  expect(kinds(segments)).toContain('transferred');
  for (const station of [3, 4]) await stationFree(box, station);
});

// By itself: how strangers are asked follows the accounts that there are, and the others make some.
it('somebody who does not exist is asked as one who does, every time the same', async () => {
  const asked = async (service: string): Promise<string> => {
    const { messages } = await runSipp({ scenario: 'register-challenged', to: box.sipPort, service }, running);
    const answer = messages.slice(messages.indexOf('SIP/2.0 401'));
    return answer
      .replace(/127\.[0-9.]+/g, 'address')
      .replace(/(nonce="|tag=|branch=|ID: )[^"\s;]+/g, '$1')
      .replaceAll(service, 'x');
  };
  const stranger = await asked('1999');
  expect([await asked('1001'), await asked('1003')]).toContain(stranger);
  expect(await asked('1999')).toBe(stranger);
});
