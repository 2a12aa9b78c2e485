// Datagrams that wait outside the socket: what belongs to calls overtakes what is new, and what waits too long is refused unread.
import { describe, expect, it } from 'vitest';
import { DATAGRAM_BATCH } from '../../daemon/src/engine/index.js';
import type { Glance } from '../../daemon/src/sip/message/index.js';
import { DatagramQueue } from '../../daemon/src/sip/transport/datagram-queue.js';
import type { Flow } from '../../daemon/src/sip/transport/index.js';
import { FakeClock } from '../support/clock-fake.js';

const FLOW: Flow = {
  transport: 'udp',
  local: { host: '192.0.2.1', port: 5060 },
  remote: { host: '192.0.2.9', port: 5060 },
  connection: 0,
};
const AT_ONCE = 8;
const MOST = 8192;

const request = (method: string, n: number, toTag = ''): Buffer =>
  Buffer.from(
    `${method} sip:1@a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK${n}\r\nFrom: <sip:2@a>;tag=f\r\n` +
      `To: <sip:1@a>${toTag}\r\nCall-ID: ${n}\r\nCSeq: 1 ${method}\r\n\r\n`,
  );

/** `msEach`: what it takes to read one */
function queue({ msEach = 0, turningAway = false } = {}) {
  const clock = new FakeClock();
  const happened: string[] = [];
  const state = { turningAway, refuses: false };
  /** goes by while messages are read and as a test has it: the clock's own turns would be turns of the queue */
  let owedMs = 0;
  const name = ({ method, callId }: Glance): string => `${method} ${callId}`;
  const datagrams = new DatagramQueue({
    clock: Object.assign(Object.create(clock) as FakeClock, { monotonicMs: () => clock.monotonicMs() + owedMs }),
    triage: {
      ...{ refusalTag: '', exempt: [] },
      turningAway: () => state.turningAway,
      judge: ({ method, toTag }) => (method === 'ACK' ? 'drop' : toTag === undefined ? 'wait' : 'now'),
      refuse: (seen, _, late) => {
        if (!late && !state.refuses) return false;
        happened.push(`${late ? 'late' : 'refused'} ${name(seen)}`);
        return true;
      },
    },
    read: (bytes) => {
      owedMs += msEach;
      happened.push(/^(\w+)[^]*Call-ID: (\d+)/.exec(bytes.toString())?.slice(1).join(' ') ?? 'something');
    },
    unread: (count) => happened.push(count === 1 ? 'unread' : `${count} unread`),
  });
  const come = (method: string, from: number, count: number, toTag = '', begins = false): void => {
    for (let n = from; n < from + count; n++) datagrams.came(request(method, n, toTag), FLOW, begins);
  };
  const pass = (ms: number): void => void (owedMs += ms);
  return { datagrams, happened, come, state, pass };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const names = (method: string, from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${method} ${from + i}`);

describe('datagrams', () => {
  it('are read as they come when there are few', async () => {
    const { come, happened } = queue();
    come('INVITE', 0, AT_ONCE);
    expect(happened).toEqual(names('INVITE', 0, AT_ONCE));
    await turn();
    come('INVITE', 8, AT_ONCE);
    expect(happened).toEqual(names('INVITE', 0, 2 * AT_ONCE));
  });

  it('that begin something new wait when there are many, and others overtake them', async () => {
    const { come, happened, datagrams } = queue();
    come('INVITE', 0, 20);
    come('BYE', 90, 2, ';tag=x');
    datagrams.came(Buffer.from('something else'), FLOW);
    expect(happened).toEqual([...names('INVITE', 0, AT_ONCE), 'BYE 90', 'BYE 91', 'something']);
    expect(datagrams.size).toBe(12);
    await turn();
    expect(happened.slice(-12)).toEqual(names('INVITE', 8, 12));
    expect(datagrams.size).toBe(0);
  });

  it('that are new get as much of each turn as leaves the socket empty', async () => {
    const { come, happened, datagrams } = queue({ msEach: 0.25 });
    come('INVITE', 0, 30);
    await turn();
    expect(happened).toHaveLength(30);
    come('INVITE', 30, 500);
    const invitesOfTurn = async (full: boolean): Promise<number> => {
      if (full) datagrams.dropped(DATAGRAM_BATCH);
      happened.length = 0;
      await turn();
      return happened.filter((name) => name.startsWith('INVITE')).length;
    };
    const full: number[] = [];
    for (let turns = 0; turns < 20; turns++) full.push(await invitesOfTurn(true));
    expect(full[0]).toBe(26); // 8 ms less a fifth
    expect(full[5]).toBeLessThan(full[0]! / 2);
    expect(full.slice(-5).reduce((sum, count) => sum + count)).toBeLessThanOrEqual(8);
    const empty: number[] = [];
    while (datagrams.size > 0) empty.push(await invitesOfTurn(false));
    expect(empty[5]).toBeGreaterThan(empty[0]!);
    expect(empty[15]).toBeGreaterThan(empty[5]!);
  });

  it('do not wait for a pause that one of them met', async () => {
    const { come, happened, datagrams } = queue({ msEach: 100 });
    come('INVITE', 0, AT_ONCE + 2);
    await turn();
    expect(happened.at(-1)).toBe(`INVITE ${AT_ONCE}`);
    for (let turns = 0; turns < 2; turns++) await turn();
    expect(datagrams.size).toBe(0);
  });

  it('that have waited too long for a while are refused, until nothing waits', async () => {
    // One in each turn.
    const { come, happened, pass } = queue({ msEach: 8 });
    come('INVITE', 0, AT_ONCE + 16);
    pass(251);
    for (let turns = 0; turns < 12; turns++) await turn();
    expect(happened.slice(AT_ONCE)).toEqual(names('INVITE', 8, 12));
    come('INVITE', 30, 1);
    pass(20);
    come('INVITE', 31, 1);
    pass(45);
    happened.length = 0;
    await turn();
    // Now a shorter time is too long.
    expect(happened).toEqual([
      ...[...names('late INVITE', 20, 4), 'late INVITE 30'].flatMap((name) => [name, 'unread']),
      'INVITE 31',
    ]);
    await turn();
    happened.length = 0;

    come('INVITE', 0, AT_ONCE + 1);
    pass(200);
    await turn();
    expect(happened).toEqual(names('INVITE', 0, AT_ONCE + 1));
  });

  it('that waited for a pause are read', async () => {
    const { come, happened, pass } = queue();
    come('INVITE', 0, AT_ONCE + 40);
    pass(400);
    await turn();
    expect(happened).toEqual(names('INVITE', 0, AT_ONCE + 40));
  });

  it('are all looked at while new work is turned away', async () => {
    const { come, happened, state } = queue({ turningAway: true });
    state.refuses = true;
    come('INVITE', 0, 1);
    come('ACK', 1, 1, ';tag=x');
    come('BYE', 2, 1, ';tag=x');
    await turn();
    expect(happened).toEqual(['unread', 'BYE 2', 'refused INVITE 0', 'unread']);
  });

  it('that are known to begin something wait unseen, and are looked at when they have their turn', async () => {
    const { come, happened, datagrams, state } = queue({ turningAway: true });
    state.refuses = true;
    come('INVITE', 0, 2, '', true);
    datagrams.came(Buffer.from('INVITE sip:1@a SIP/2.0\r\n\r\n'), FLOW, true);
    expect([datagrams.size, happened]).toEqual([3, []]);
    await turn();
    expect(happened).toEqual(['refused INVITE 0', 'unread', 'refused INVITE 1', 'unread', 'something']);
  });

  it('that nobody needs count for what the socket gives', async () => {
    const { datagrams, come, happened } = queue({ msEach: 0.25 });
    come('INVITE', 0, 300);
    happened.length = 0;
    datagrams.dropped(DATAGRAM_BATCH);
    expect(happened).toEqual([`${DATAGRAM_BATCH} unread`]);
    happened.length = 0;
    await turn();
    expect(happened).toHaveLength(26); // 8 ms less a fifth
  });

  it('find an end of the queue', async () => {
    const { come, happened, datagrams } = queue();
    come('INVITE', 0, AT_ONCE + MOST + 3);
    expect(datagrams.size).toBe(MOST);
    expect(happened.slice(AT_ONCE).filter((name) => name !== 'unread')).toEqual(
      names('late INVITE', AT_ONCE + MOST, 3),
    );
    datagrams.stop();
    expect(datagrams.size).toBe(0);
    await turn();
    expect(happened.at(-1)).toBe('unread');
  });

  it('of any size take so many bytes at most', () => {
    const { datagrams, come } = queue();
    come('INVITE', 0, AT_ONCE);
    const large = Buffer.concat([request('INVITE', 9), Buffer.alloc(60_000)]);
    for (let n = 0; n < 400; n++) datagrams.came(large, FLOW);
    expect(datagrams.size).toBe(Math.floor(16_777_216 / large.length));
  });
});
