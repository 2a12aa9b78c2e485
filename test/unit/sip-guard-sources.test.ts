// Sources: what they are counted by, how fast they may be, when they are banned, and that nobody gets somebody else banned.
import { describe, expect, it } from 'vitest';
import { Guard, Networks, isAddress, sourceOf, type Ban, type GuardOptions } from '../../daemon/src/sip/guard/index.js';
import { newRequest, type SipRequest } from '../../daemon/src/sip/message/index.js';
import { FakeClock } from '../support/clock-fake.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const STRANGER = '203.0.113.5';
const CARRIER = '203.0.113.80';

function gate(options: Partial<GuardOptions> = {}) {
  const clock = new FakeClock();
  const guard = new Guard({ clock, trusted: ['192.168.0.0/16', '2001:db8:77::/48', '::1'], ...options });
  const banned: Ban[] = [];
  guard.events.on('banned', (ban) => {
    banned.push(ban);
  });
  return { clock, guard, banned };
}

function options(agent?: string): SipRequest {
  const headers: [string, string][] = [['Via', 'SIP/2.0/UDP 203.0.113.5;branch=z9hG4bK1']];
  if (agent !== undefined) headers.push(['User-Agent', agent]);
  return newRequest({ method: 'OPTIONS', uri: 'sip:100@192.0.2.1', headers });
}

/** How many of `count` messages are let in at once. */
function admitted(guard: Guard, address: string, count: number): number {
  let passed = 0;
  for (let n = 0; n < count; n++) if (guard.admit(address) === 'pass') passed += 1;
  return passed;
}

/** Wrong passwords until the source is banned. */
function failUntilBanned(guard: Guard, address: string): number {
  for (let n = 1; n <= 100; n++) {
    guard.failed(address, '1001', true);
    if (guard.isBanned(address)) return n;
  }
  throw new Error('never banned');
}

describe('addresses', () => {
  it('count alone in IPv4, with their /64 in IPv6, and alone again within a site', () => {
    expect(sourceOf('203.0.113.5')).toBe('203.0.113.5');
    expect(sourceOf('::ffff:203.0.113.5')).toBe('203.0.113.5');
    expect(sourceOf('::ffff:cb00:7105')).toBe('203.0.113.5');
    expect(sourceOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(sourceOf('2001:db8:1:2::6')).toBe('2001:db8:1:2::/64');
    expect(sourceOf('2001:0DB8:0001:0002::6')).toBe('2001:db8:1:2::/64');
    expect(sourceOf('2001:db8::6')).toBe('2001:db8:0:0::/64');
    expect(sourceOf('2001:db8::5:6:7:8:9')).toBe('2001:db8:0:5::/64');
    expect(sourceOf('2001:db8:0:0:1::')).toBe('2001:db8:0:0::/64');
    expect(sourceOf('::1')).toBe('0:0:0:0::/64');
    expect(sourceOf('fe80::1%eth0')).toBe('fe80:0:0:0:0:0:0:1');
    expect(sourceOf('fd00:1:2:3::9')).toBe('fd00:1:2:3:0:0:0:9');
    expect(sourceOf('2001:db8:1:2::/64')).toBe('2001:db8:1:2::/64');
    for (const odd of ['', ':', ':::', '1:2:3', '12345::', 'g::', '1::2::3', '::1.2.3', 'a\0b:']) {
      expect(sourceOf(odd)).toBe(odd);
    }
  });

  it('are told from what is none', () => {
    for (const good of [
      '0.0.0.0',
      '255.255.255.255',
      '::',
      '1::',
      '::1',
      '1:2:3:4:5:6:7::',
      '::2:3:4:5:6:7:8',
      '::1.2.3.4',
    ]) {
      expect(isAddress(good), good).toBe(true);
    }
    const bad = [
      '1.2.3',
      '1.2.3.4.5',
      '256.1.1.1',
      '01.2.3.4',
      '1.2.3.',
      '.1.2.3',
      '1..2.3',
      ' 1.2.3.4',
      '1.2.3.4 ',
      'a.b.c.d',
    ];
    for (const text of [
      ...bad,
      '1:',
      ':1',
      '1:2:3:4:5:6:7:8::',
      '1:2:3:4:5:6:7:8:9',
      '::1.2.3.4:5',
      '1:2:3:4:5:6:7:1.2.3.4',
      'f'.repeat(100),
      '::g',
    ]) {
      expect(isAddress(text), text).toBe(false);
    }
  });

  it('lie in networks', () => {
    const networks = new Networks([
      '192.168.0.0/16',
      '10.1.2.3',
      '2001:db8:77::/48',
      '0.0.0.0/32',
      '172.16.0.0/12',
      'fd00::/8',
    ]);
    for (const inside of [
      '192.168.255.1',
      '10.1.2.3',
      '::ffff:10.1.2.3',
      '2001:db8:77:ffff::1',
      '172.31.0.1',
      'fdab::1',
    ]) {
      expect(networks.has(inside), inside).toBe(true);
    }
    for (const outside of [
      '192.169.0.1',
      '10.1.2.4',
      '2001:db8:78::1',
      '172.32.0.1',
      '::',
      '::1',
      'fc00::1',
      'nonsense',
      '',
    ]) {
      expect(networks.has(outside), outside).toBe(false);
    }
    expect(new Networks(['0.0.0.0/0']).has('8.8.8.8')).toBe(true);
    expect(new Networks(['0.0.0.0/0']).has('2001:db8::1')).toBe(false);
    expect(new Networks(['::/0']).has('8.8.8.8')).toBe(false);
    for (const bad of ['192.168.0.0/33', '::/129', '1.2.3.4/', '1.2.3.4/x', '1.2.3.4/-1', 'host', '1.2.3.0/2.4']) {
      expect(() => new Networks([bad]), bad).toThrow(RangeError);
    }
  });
});

describe('the rate of a source', () => {
  it('is limited: a burst, and then so many a second', async () => {
    const { guard, clock } = gate();
    expect(admitted(guard, STRANGER, 5000)).toBe(1000);
    expect(guard.counters.limited).toBe(4000);
    await clock.advance(1000);
    expect(admitted(guard, STRANGER, 5000)).toBe(200);
    await clock.advance(60_000);
    expect(admitted(guard, STRANGER, 5000)).toBe(1000);
  });

  it('is its own: others are not slowed down', () => {
    const { guard } = gate();
    admitted(guard, STRANGER, 5000);
    expect(guard.admit('203.0.113.6')).toBe('pass');
    admitted(guard, '2001:db8:1:2::1', 5000);
    expect(guard.admit('2001:db8:1:2:ffff::9')).toBe('drop');
    expect(guard.admit('2001:db8:1:3::1')).toBe('pass');
  });

  it('is not limited for trusted networks', () => {
    const { guard } = gate();
    for (const address of ['192.168.1.1', '::ffff:192.168.1.1', '2001:db8:77:1::5', '::1']) {
      expect(admitted(guard, address, 5000)).toBe(5000);
    }
    expect(admitted(new Guard({ clock: new FakeClock() }), '127.0.0.1', 5000)).toBe(5000);
  });

  it('is remembered for a bounded number of sources, those used lately among them', () => {
    const { guard } = gate({ limits: { sources: 100 } });
    admitted(guard, STRANGER, 1000);
    for (let n = 0; n < 10_000; n++) {
      guard.admit(`10.0.${n >> 8}.${n & 255}`);
      expect(guard.size).toBeLessThanOrEqual(100);
      // One that talks on is never forgotten, however many others there are.
      if (n % 40 === 0) expect(guard.admit(STRANGER)).toBe('drop');
    }
  });
});

it('counts a source once', () => {
  const { guard } = gate({ limits: { sources: 4 } });
  for (const n of [1, 2, 3, 1, 1]) guard.admit(`10.0.0.${n}`);
  expect(guard.size).toBe(3);
});

describe('bans', () => {
  it('follow ten wrong passwords of a proven source, and end', async () => {
    const { guard, clock, banned } = gate();
    expect(failUntilBanned(guard, STRANGER)).toBe(11);
    expect(banned).toEqual([
      {
        source: STRANGER,
        reason: 'failures',
        sinceMs: clock.wallMs(),
        untilMs: clock.wallMs() + 5 * MINUTE_MS,
        count: 1,
        refused: 0,
      },
    ]);
    expect(admitted(guard, STRANGER, 7)).toBe(0);
    expect(guard.counters.banned).toBe(7);
    expect(guard.bans()).toMatchObject([{ source: STRANGER, refused: 7 }]);
    await clock.advance(5 * MINUTE_MS - 1);
    expect(guard.admit(STRANGER)).toBe('drop');
    await clock.advance(1);
    expect(guard.admit(STRANGER)).toBe('pass');
    expect(guard.bans()).toEqual([]);
  });

  it('do not follow a wrong password now and then', async () => {
    const { guard, clock } = gate();
    for (let n = 0; n < 200; n++) {
      guard.failed(STRANGER, '1001', true);
      await clock.advance(MINUTE_MS);
    }
    expect(guard.bans()).toEqual([]);
  });

  it('grow with each repetition, to a day, and begin anew after a quiet week', async () => {
    const { guard, clock } = gate();
    const lengths: number[] = [];
    for (let n = 0; n < 7; n++) {
      failUntilBanned(guard, STRANGER);
      const [ban] = guard.bans();
      lengths.push((ban!.untilMs - clock.wallMs()) / MINUTE_MS);
      expect(ban!.count).toBe(n + 1);
      await clock.advance(ban!.untilMs - clock.wallMs());
    }
    expect(lengths).toEqual([5, 20, 80, 320, 1280, 1440, 1440]);
    await clock.advance(7 * DAY_MS + 1);
    failUntilBanned(guard, STRANGER);
    expect(guard.bans()).toMatchObject([{ count: 1, untilMs: clock.wallMs() + 5 * MINUTE_MS }]);
  });

  it('do not end early when somebody sets the clock', async () => {
    const { guard, clock } = gate();
    failUntilBanned(guard, STRANGER);
    clock.setWall(clock.wallMs() + DAY_MS);
    expect(guard.admit(STRANGER)).toBe('drop');
    expect(guard.bans()).toMatchObject([{ untilMs: clock.wallMs() + 5 * MINUTE_MS }]);
    await clock.advance(5 * MINUTE_MS);
    expect(guard.admit(STRANGER)).toBe('pass');
  });

  it('never come from what is not proven: a forged source address bans nobody', () => {
    const { guard } = gate();
    for (let n = 0; n < 500; n++) {
      guard.failed(STRANGER, `10${n}`, false);
      guard.challenged(STRANGER, `20${n}`, false);
      guard.malformed(STRANGER, false);
      expect(guard.inspect(options('friendly-scanner'), STRANGER, false)).toBe('drop');
    }
    // For the scanner, and so that a telephone there is heard.
    expect(guard.bans()).toMatchObject([{ source: STRANGER, reason: 'scanner', count: 1 }]);
    expect(guard.isBanned(STRANGER)).toBe(false);
    expect(guard.admit(STRANGER)).toBe('pass');
    expect(guard.inspect(options('Yealink SIP-T46S'), STRANGER, false)).toBe('pass');
    guard.succeeded(STRANGER, '1001');
    expect(guard.bans()).toEqual([]);
    expect(guard.inspect(options('friendly-scanner'), STRANGER, false)).toBe('drop');
    expect(guard.bans()).toEqual([]);
  });

  it('let a message a second through of an address that a scanner may only have used', async () => {
    const { guard, clock } = gate();
    guard.inspect(options('friendly-scanner'), STRANGER, false);
    const admitted = (): number =>
      Array.from({ length: 100 }, () => guard.admit(STRANGER)).filter((one) => one === 'pass').length;
    expect(admitted()).toBe(10);
    expect(admitted()).toBe(0);
    await clock.advance(5000);
    expect(admitted()).toBe(5);
    expect(guard.counters.banned).toBe(285);
  });

  it('are not made by the thousand for addresses that are made up, nor for a carrier', () => {
    const { guard } = gate({ exempt: (address) => address === CARRIER });
    guard.inspect(options('friendly-scanner'), CARRIER, false);
    expect(guard.bans()).toEqual([]);
    for (let n = 0; n < 5000; n++) guard.inspect(options('friendly-scanner'), `198.18.${n >> 8}.${n & 255}`, false);
    expect(guard.bans().length).toBe(50);
  });

  it('never hit trusted networks', () => {
    const { guard } = gate();
    for (const address of ['192.168.1.1', '2001:db8:77:1::5', '::1']) {
      for (let n = 0; n < 500; n++) {
        guard.failed(address, `10${n}`, true);
        guard.malformed(address, true);
      }
      expect(guard.malformed(address, true)).toBe('answer');
      expect(guard.inspect(options('sipvicious'), address, true)).toBe('drop');
      expect(guard.ban(address, 'manual', 1000)).toBeUndefined();
      expect(guard.admit(address)).toBe('pass');
    }
    expect(guard.bans()).toEqual([]);
  });

  it('spare a site of many telephones one of which has a wrong password', async () => {
    const { guard, clock } = gate();
    for (let n = 0; n < 300; n++) {
      guard.failed(STRANGER, '1099', true);
      guard.failed(STRANGER, '1099', true);
      for (let phone = 0; phone < 3; phone++) guard.succeeded(STRANGER, `10${phone}`);
      await clock.advance(30_000);
    }
    expect(guard.bans()).toEqual([]);
  });

  it('are not put off by successes from before', () => {
    const { guard } = gate();
    for (let n = 0; n < 1000; n++) guard.succeeded(STRANGER, '1001');
    expect(failUntilBanned(guard, STRANGER)).toBe(11);
  });

  it('follow the trying of many names, but not a site that starts all at once', () => {
    const { guard, banned } = gate();
    const site = '198.51.100.1';
    for (let phone = 0; phone < 200; phone++) guard.challenged(site, `1${phone}`, true);
    for (let phone = 0; phone < 200; phone++) guard.succeeded(site, `1${phone}`);
    for (let phone = 200; phone < 400; phone++) guard.challenged(site, `1${phone}`, true);
    expect(guard.isBanned(site)).toBe(false);
    for (let name = 0; name < 200; name++) guard.challenged(STRANGER, `1${name}`, true);
    guard.challenged(STRANGER, '10', true);
    expect(guard.isBanned(STRANGER)).toBe(false);
    guard.challenged(STRANGER, '9999', true);
    expect(banned).toMatchObject([{ source: STRANGER, reason: 'names' }]);
  });

  it('do not follow the trying of names over days', async () => {
    const { guard, clock } = gate();
    for (let name = 0; name < 1000; name++) {
      guard.challenged(STRANGER, `n${name}`, true);
      await clock.advance(30_000);
    }
    expect(guard.bans()).toEqual([]);
  });

  it('follow twenty malformed messages over a connection; over UDP they are not answered any more', async () => {
    const { guard, clock, banned } = gate();
    const answers = (address: string, proven: boolean): number => {
      let answered = 0;
      for (let n = 0; n < 30 && !guard.isBanned(address); n++) {
        if (guard.malformed(address, proven) === 'answer') answered += 1;
      }
      return answered;
    };
    expect(answers('198.51.100.9', false)).toBe(20);
    expect(answers(STRANGER, true)).toBe(20);
    expect(banned).toMatchObject([{ source: STRANGER, reason: 'malformed' }]);
    await clock.advance(10_000);
    expect(answers('198.51.100.9', false)).toBe(1);
  });

  it('follow a scanner over a connection, which never gets an answer', () => {
    const { guard, banned } = gate();
    for (const agent of ['friendly-scanner', 'SIPVicious 0.3', 'sipcli/v1.8', 'VaxSIPUserAgent/3.1', 'x sundayddr y']) {
      expect(guard.inspect(options(agent), STRANGER, false), agent).toBe('drop');
    }
    expect(guard.counters.scanners).toBe(5);
    for (const agent of [
      undefined,
      'baresip v1.1.0',
      'Asterisk PBX 18',
      'Grandstream GXP2170 1.0',
      `x${' '.repeat(200)}sipcli`,
    ]) {
      expect(guard.inspect(options(agent), STRANGER, true), agent).toBe('pass');
    }
    expect(guard.inspect(options('friendly-scanner'), STRANGER, true)).toBe('drop');
    expect(guard.isBanned(STRANGER)).toBe(true);
    expect(banned.at(-1)).toMatchObject({ source: STRANGER, reason: 'scanner' });
  });

  it('can be made and lifted by people, and brought back after a restart', async () => {
    const { guard, clock } = gate();
    const lifted: string[] = [];
    guard.events.on('lifted', ({ source }) => {
      lifted.push(source);
    });
    expect(guard.ban('198.51.100.2', 'called at night', 30 * DAY_MS)).toMatchObject({
      source: '198.51.100.2',
      reason: 'called at night',
      untilMs: clock.wallMs() + 30 * DAY_MS,
    });
    expect(guard.ban('2001:db8:1:2::9', 'manual', HOUR_MS)).toMatchObject({ source: '2001:db8:1:2::/64' });
    expect(guard.admit('2001:db8:1:2::77')).toBe('drop');
    for (const odd of ['', 'phone.example', '1.2.3.0/24', '1.2.3']) expect(guard.ban(odd, 'x', 1000)).toBeUndefined();

    const { guard: restarted } = gate();
    for (const ban of guard.bans()) restarted.ban(ban.source, ban.reason, ban.untilMs - clock.wallMs());
    expect(restarted.bans().map(({ source }) => source)).toEqual(['198.51.100.2', '2001:db8:1:2::/64']);
    expect(restarted.admit('2001:db8:1:2::77')).toBe('drop');

    expect(guard.lift('2001:db8:1:2::/64')).toBe(true);
    expect(guard.lift('198.51.100.2')).toBe(true);
    expect(guard.lift('198.51.100.2')).toBe(false);
    expect(lifted).toEqual(['2001:db8:1:2::/64', '198.51.100.2']);
    expect(guard.admit('198.51.100.2')).toBe('pass');
    failUntilBanned(guard, '198.51.100.2');
    expect(guard.bans()).toMatchObject([{ count: 1 }]);
    await clock.advance(5 * MINUTE_MS);
    expect(guard.bans()).toEqual([]);
  });

  it('survive a flood of other sources', () => {
    const { guard } = gate({ limits: { sources: 100 } });
    failUntilBanned(guard, STRANGER);
    for (let n = 0; n < 5000; n++) guard.admit(`10.0.${n >> 8}.${n & 255}`);
    expect(guard.admit(STRANGER)).toBe('drop');
  });

  it('are bounded themselves', () => {
    const { guard, clock } = gate({ limits: { bans: 50 } });
    failUntilBanned(guard, STRANGER);
    for (let n = 0; n < 200; n++) guard.ban(`172.16.0.${n}`, 'x', HOUR_MS + n);
    expect(guard.bans()).toHaveLength(50);
    // The one that ends first made room, and does not linger where nobody sees it.
    expect(guard.bans().some(({ source }) => source === STRANGER)).toBe(false);
    expect(guard.admit(STRANGER)).toBe('pass');
    expect(guard.bans().at(-1)).toMatchObject({ source: '172.16.0.199', untilMs: clock.wallMs() + HOUR_MS + 199 });
  });
});
