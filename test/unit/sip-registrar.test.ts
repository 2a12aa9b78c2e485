// Registrations: the steps of RFC 3261 clause 10, proxies and flows, and where calls go in the end.
import { describe, expect, it } from 'vitest';
import { newRequest, type SipRequest, type SipResponse } from '../../daemon/src/sip/message/index.js';
import { Registrar, type RegistrarOptions } from '../../daemon/src/sip/registrar/index.js';
import type { Flow, TransportName } from '../../daemon/src/sip/transport/index.js';
import { FakeClock } from '../support/clock-fake.js';

const AOR = 'sip:1001@pbx.example';
const URN = 'urn:uuid:00000000-0000-1000-8000-000a95a0e128';

function flow(host = '192.0.2.7', port = 5060, transport: TransportName = 'udp', connection = 0): Flow {
  return { transport, local: { host: '192.0.2.1', port: 5060 }, remote: { host, port }, connection };
}

interface Wish {
  user?: string;
  callId?: string;
  cseq?: number;
  headers?: readonly (readonly [string, string])[];
  vias?: number;
}

function register(
  contacts: readonly string[],
  { user = '1001', callId = 'c1', cseq, headers = [], vias = 1 }: Wish = {},
) {
  const via = Array.from({ length: vias }, (_, n) => ['Via', `SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK${n}`] as const);
  return newRequest({
    method: 'REGISTER',
    uri: 'sip:pbx.example',
    headers: [
      ...via,
      ['From', `<sip:${user}@pbx.example>;tag=1`],
      ['To', `<sip:${user}@pbx.example>`],
      ['Call-ID', callId],
      ['CSeq', `${cseq ?? nextCSeq++} REGISTER`],
      ...contacts.map((contact) => ['Contact', contact] as const),
      ...headers,
    ],
  });
}
let nextCSeq = 1;

function office(options: Partial<RegistrarOptions> = {}) {
  const clock = new FakeClock();
  const registrar = new Registrar({
    clock,
    aorOf: ({ user, host }) =>
      host === 'pbx.example' && /^\d{4}$/.test(user ?? '') ? `sip:${user}@${host}` : undefined,
    trustsPath: ({ remote }) => remote.host === '192.0.2.99',
    ...options,
  });
  const events: string[] = [];
  registrar.events.on('registered', ({ binding }) => void events.push(`registered ${binding.contactText}`));
  registrar.events.on('refreshed', ({ binding }) => void events.push(`refreshed ${binding.contactText}`));
  registrar.events.on('expired', ({ binding }) => void events.push(`expired ${binding.contactText}`));
  registrar.events.on('removed', ({ binding, reason }) => void events.push(`${reason} ${binding.contactText}`));
  const ask = (request: SipRequest, by = flow(), maxContacts?: number): SipResponse =>
    registrar.register(request, by, { mayRegister: (aor) => aor === AOR, maxContacts }, 'tag1');
  return { clock, registrar, events, ask };
}

function contactsOf(response: SipResponse): readonly string[] {
  expect(response.status).toBe(200);
  return response.headers.lines('Contact');
}

describe('a registration', () => {
  it('is made, shown, refreshed and removed', async () => {
    const { ask, clock, events, registrar } = office();
    const answer = ask(register(['<sip:1001@192.0.2.7:5060>;expires=600']));
    expect(contactsOf(answer)).toEqual(['<sip:1001@192.0.2.7:5060>;expires=600']);
    expect(answer.headers.get('Date')).toBe('Thu, 21 Nov 2024 22:00:00 GMT');
    expect(answer.toTag).toBe('tag1');
    await clock.advance(100_500);
    expect(contactsOf(ask(register([])))).toEqual(['<sip:1001@192.0.2.7:5060>;expires=500']);
    expect(contactsOf(ask(register(['<sip:1001@192.0.2.7:5060>'], { headers: [['Expires', '300']] })))).toEqual([
      '<sip:1001@192.0.2.7:5060>;expires=300',
    ]);
    expect(registrar.size).toBe(1);
    expect(contactsOf(ask(register(['<sip:1001@192.0.2.7:5060>;expires=0'])))).toEqual([]);
    expect(registrar.size).toBe(0);
    expect(registrar.bindingsOf(AOR)).toEqual([]);
    const uri = 'sip:1001@192.0.2.7:5060';
    expect(events).toEqual([`registered ${uri}`, `refreshed ${uri}`, `unregistered ${uri}`]);
  });

  it('keeps its id over refreshes', () => {
    const { ask, registrar } = office();
    ask(register(['<sip:1001@192.0.2.7>']));
    const [before] = registrar.bindingsOf(AOR);
    ask(register(['<sip:1001@192.0.2.7;newparam=5>'], { callId: 'c2' }));
    const [after, ...more] = registrar.bindingsOf(AOR);
    expect(more).toEqual([]);
    expect(after).toMatchObject({ id: before!.id, contactText: 'sip:1001@192.0.2.7;newparam=5', callId: 'c2' });
  });

  it('ends by itself, to the second', async () => {
    const { ask, clock, events, registrar } = office();
    await registrar.start();
    ask(register(['<sip:a@192.0.2.7>;expires=60', '<sip:b@192.0.2.7>;expires=61']));
    await clock.advance(59_999);
    expect(registrar.size).toBe(2);
    await clock.advance(1);
    expect(events.slice(2)).toEqual(['expired sip:a@192.0.2.7']);
    await clock.advance(1000);
    expect(events.slice(3)).toEqual(['expired sip:b@192.0.2.7']);
    expect(registrar.targetsOf(AOR)).toEqual([]);
    await registrar.stop();
    expect(clock.timers).toBe(0);
  });

  it('costs one timer, however many there are', async () => {
    const { clock, registrar } = office({ aorOf: ({ user }) => user });
    await registrar.start();
    for (let n = 0; n < 1000; n++) {
      const request = register([`<sip:${n}@192.0.2.7>`], { user: String(n), callId: `c${n}` });
      registrar.register(request, flow(), { mayRegister: () => true }, 't');
    }
    expect(registrar.size).toBe(1000);
    expect(clock.timers).toBe(1);
  });
});

describe('times', () => {
  it('are those of the contact, of the request, or the usual ones, within limits', () => {
    const { ask } = office({ limits: { minS: 60, maxS: 7200, defaultS: 1800 } });
    const granted = (contact: string, expires?: string): string | undefined => {
      const headers: [string, string][] = expires === undefined ? [] : [['Expires', expires]];
      return /expires=(\d+)/.exec(contactsOf(ask(register([contact], { headers })))[0] ?? '')?.[1];
    };
    expect(granted('<sip:a@192.0.2.7>')).toBe('1800');
    expect(granted('<sip:a@192.0.2.7>', '120')).toBe('120');
    expect(granted('<sip:a@192.0.2.7>;expires=90', '120')).toBe('90');
    expect(granted('<sip:a@192.0.2.7>;expires=60')).toBe('60');
    expect(granted('<sip:a@192.0.2.7>;expires=99999')).toBe('7200');
    expect(granted('<sip:a@192.0.2.7>;expires=99999999999999999999')).toBe('7200');
    expect(granted('<sip:a@192.0.2.7>;expires=soon')).toBe('3600');
    expect(granted('<sip:a@192.0.2.7>;expires=-1')).toBe('3600');
    expect(granted('<sip:a@192.0.2.7>;expires', '120')).toBe('120');
  });

  it('that are too short are refused with the shortest that is not', () => {
    const { ask, registrar } = office();
    for (const contacts of [['<sip:a@192.0.2.7>;expires=59'], ['<sip:a@192.0.2.7>', '<sip:b@192.0.2.7>;expires=1']]) {
      const answer = ask(register(contacts));
      expect(answer.status).toBe(423);
      expect(answer.headers.get('Min-Expires')).toBe('60');
      expect(registrar.size).toBe(0);
    }
  });
});

describe('several contacts', () => {
  it('are kept side by side, in one request or in several', () => {
    const { ask } = office();
    ask(register(['<sip:a@192.0.2.7>;q=0.5, <sip:b@192.0.2.7>;q=0.25']));
    expect(contactsOf(ask(register(['<sip:c@192.0.2.8>;expires=60'], { callId: 'c2' }), flow('192.0.2.8')))).toEqual([
      '<sip:a@192.0.2.7>;expires=3600;q=0.5',
      '<sip:b@192.0.2.7>;expires=3600;q=0.25',
      '<sip:c@192.0.2.8>;expires=60',
    ]);
  });

  it('named twice in one request count once, the last time', () => {
    const { ask, events } = office();
    ask(register(['<sip:a@192.0.2.7>;expires=100', '<sip:a@192.0.2.7>;expires=200']));
    expect(events).toEqual(['registered sip:a@192.0.2.7']);
    ask(register(['<sip:a@192.0.2.7>;expires=100', '<sip:a@192.0.2.7>;expires=300']));
    expect(contactsOf(ask(register([])))).toEqual(['<sip:a@192.0.2.7>;expires=300']);
    expect(contactsOf(ask(register(['<sip:a@192.0.2.7>;expires=100', '<sip:a@192.0.2.7>;expires=0'])))).toEqual([]);
    expect(events.slice(1)).toEqual(['refreshed sip:a@192.0.2.7', 'unregistered sip:a@192.0.2.7']);
    expect(contactsOf(ask(register(['<sip:z@192.0.2.7>', '<sip:z@192.0.2.7>;expires=0'])))).toEqual([]);
    expect(events).toHaveLength(3);
  });

  it('are removed all at once by *, which stands alone and with Expires: 0', () => {
    const { ask, events } = office();
    ask(register(['<sip:a@192.0.2.7>', '<sip:b@192.0.2.7>']));
    for (const headers of [[], [['Expires', '60']], [['Expires', '']]] as [string, string][][]) {
      expect(ask(register(['*'], { headers })).status).toBe(400);
    }
    expect(contactsOf(ask(register([])))).toHaveLength(2);
    expect(contactsOf(ask(register(['*'], { headers: [['Expires', '0']] })))).toEqual([]);
    expect(events.slice(2)).toEqual(['unregistered sip:a@192.0.2.7', 'unregistered sip:b@192.0.2.7']);
  });

  it('beyond ten are refused, unless one comes from where another is', () => {
    const { ask, registrar, events } = office();
    for (let n = 0; n < 10; n++) {
      expect(ask(register([`<sip:1001@192.0.2.${n}>`], { callId: `c${n}` }), flow(`192.0.2.${n}`)).status).toBe(200);
    }
    const refused = ask(register(['<sip:1001@192.0.2.50>'], { callId: 'x' }), flow('192.0.2.50'));
    expect([refused.status, refused.reason]).toEqual([403, 'Too Many Contacts']);
    expect(registrar.size).toBe(10);
    // Switched off and on: a new port, a new Call-ID.
    expect(ask(register(['<sip:1001@192.0.2.3:5999>'], { callId: 'y' }), flow('192.0.2.3')).status).toBe(200);
    expect(events.slice(10)).toEqual(['replaced sip:1001@192.0.2.3', 'registered sip:1001@192.0.2.3:5999']);
    expect(ask(register(['<sip:1001@192.0.2.4>'], { callId: 'z' }), flow('192.0.2.4')).status).toBe(200);
    expect(registrar.size).toBe(10);
  });

  it('may be fewer for an account, and one request does not throw out its own', () => {
    const { ask, registrar } = office();
    expect(ask(register(['<sip:a@192.0.2.7>', '<sip:b@192.0.2.7>', '<sip:c@192.0.2.7>']), flow(), 2).status).toBe(403);
    expect(registrar.size).toBe(0);
    expect(ask(register(['<sip:a@192.0.2.7>', '<sip:b@192.0.2.7>']), flow(), 2).status).toBe(200);
    expect(ask(register(['<sip:c@192.0.2.7>']), flow(), 2).status).toBe(200);
    expect(registrar.bindingsOf(AOR).map(({ contactText }) => contactText)).toEqual([
      'sip:b@192.0.2.7',
      'sip:c@192.0.2.7',
    ]);
  });

  it('altogether are bounded; refreshing goes on', () => {
    const { ask, registrar } = office({ limits: { bindings: 2 } });
    ask(register(['<sip:a@192.0.2.7>', '<sip:b@192.0.2.7>']));
    const answer = ask(register(['<sip:c@192.0.2.7>']));
    expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '60']);
    expect(ask(register(['<sip:a@192.0.2.7>'])).status).toBe(200);
    expect(ask(register(['<sip:a@192.0.2.7>;expires=0', '<sip:c@192.0.2.7>'])).status).toBe(200);
    expect(registrar.size).toBe(2);
  });
});

describe('the order of requests', () => {
  it('is kept: an overtaken one changes nothing at all', async () => {
    const { ask, clock, registrar } = office();
    ask(register(['<sip:a@192.0.2.7>;expires=600'], { cseq: 7 }));
    for (const contacts of [['<sip:a@192.0.2.7>;expires=0'], ['<sip:b@192.0.2.7>', '<sip:a@192.0.2.7>'], ['*']]) {
      const headers: [string, string][] = contacts[0] === '*' ? [['Expires', '0']] : [];
      for (const cseq of [7, 6]) {
        const answer = ask(register(contacts, { cseq, headers }));
        expect([answer.status, answer.reason]).toEqual([400, 'CSeq Out of Order']);
      }
    }
    expect(registrar.size).toBe(1);
    await clock.advance(31_999);
    expect(ask(register(['<sip:a@192.0.2.7>'], { cseq: 1 })).status).toBe(400);
    // A telephone that was switched on again and begins to count anew under its old Call-ID.
    await clock.advance(1);
    expect(ask(register(['<sip:a@192.0.2.7>'], { cseq: 1 })).status).toBe(200);
    expect(ask(register(['<sip:a@192.0.2.7>'], { cseq: 1, callId: 'other' })).status).toBe(200);
  });
});

describe('what is refused', () => {
  it('is an address that is not ours, or not the account’s', () => {
    const { ask } = office();
    expect(ask(register(['<sip:a@192.0.2.7>'], { user: 'nobody' })).status).toBe(404);
    expect(ask(register(['<sip:a@192.0.2.7>'], { user: '1002' })).status).toBe(403);
    expect(ask(register([], { user: '1002' })).status).toBe(403);
  });

  it('is an extension that nobody here knows', () => {
    const { ask } = office();
    const answer = ask(register(['<sip:a@192.0.2.7>'], { headers: [['Require', 'path, gruu, foo']] }));
    expect([answer.status, answer.headers.get('Unsupported')]).toEqual([420, 'gruu, foo']);
    expect(ask(register(['<sip:a@192.0.2.7>'], { headers: [['Require', 'PATH']] })).status).toBe(200);
  });

  it('is a contact that is no SIP address', () => {
    const { ask } = office();
    for (const contact of ['<tel:+8613800138000>', '<mailto:a@example.com>', '<http://192.0.2.7/>']) {
      expect(ask(register([contact])).status, contact).toBe(400);
    }
  });
});

describe('where calls go', () => {
  it('is the address that the telephone registered from, whatever its contact says', () => {
    const { ask, registrar } = office();
    ask(register(['<sip:1001@10.0.0.5:5062>']), flow('203.0.113.9', 31_000));
    ask(register(['<sip:+4420@gateway.example;user=phone>'], { callId: 'c2' }), flow('203.0.113.9', 31_001));
    const targets = registrar.targetsOf(AOR);
    expect(targets.map(({ target }) => target)).toEqual([
      { transport: 'udp', remote: { host: '203.0.113.9', port: 31_000 } },
      { transport: 'udp', remote: { host: '203.0.113.9', port: 31_001 } },
    ]);
    expect(targets.map(({ binding }) => binding.behindNat)).toEqual([true, true]);
    expect(targets[0]?.requestUri).toMatchObject({ user: '1001', host: '10.0.0.5', port: 5062 });
  });

  it('follows q, and then who was heard of last', async () => {
    const { ask, clock, registrar } = office();
    ask(register(['<sip:a@192.0.2.7>;q=0.2', '<sip:b@192.0.2.7>;q=0.9', '<sip:c@192.0.2.7>']));
    await clock.advance(1000);
    ask(register(['<sip:d@192.0.2.7>;q=0.9', '<sip:e@192.0.2.7>;q=7', '<sip:f@192.0.2.7>;q=0']));
    const order = registrar.targetsOf(AOR).map(({ binding }) => binding.contact.user);
    expect(order).toEqual(['e', 'c', 'd', 'b', 'a', 'f']);
  });

  it('is a connection while it lives, and for TCP without NAT the port that the telephone listens on after that', () => {
    const { ask, registrar, events } = office();
    ask(register(['<sip:a@192.0.2.7:5070;transport=tcp>'], { callId: 'a' }), flow('192.0.2.7', 40_001, 'tcp', 11));
    ask(register(['<sip:b@10.0.0.5;transport=tcp>'], { callId: 'b' }), flow('203.0.113.9', 40_002, 'tcp', 12));
    ask(register(['<sips:c@192.0.2.7>'], { callId: 'c' }), flow('192.0.2.7', 40_003, 'tls', 13));
    ask(register(['<sip:d@x.invalid;transport=ws>'], { callId: 'd' }), flow('192.0.2.7', 40_004, 'wss', 14));
    expect(registrar.targetsOf(AOR).map(({ target }) => target?.connection)).toEqual([11, 12, 13, 14]);
    expect(registrar.targetsOf(AOR)[0]?.target).toEqual({
      ...{ transport: 'tcp', remote: { host: '192.0.2.7', port: 40_001 }, connection: 11 },
    });
    for (const connection of [11, 12, 13, 14, 15, 11]) registrar.flowClosed(connection);
    expect(registrar.targetsOf(AOR).map(({ target }) => target)).toEqual([
      { transport: 'tcp', remote: { host: '192.0.2.7', port: 5070 }, reconnect: true },
    ]);
    expect(events.slice(4)).toEqual([
      'flowLost sip:b@10.0.0.5;transport=tcp',
      'flowLost sips:c@192.0.2.7',
      'flowLost sip:d@x.invalid;transport=ws',
    ]);
  });

  it('is the new connection after a refresh; the old one may go', () => {
    const { ask, registrar } = office();
    const contact = '<sip:a@10.0.0.5;transport=tls>';
    ask(register([contact]), flow('203.0.113.9', 40_001, 'tls', 1));
    ask(register([contact]), flow('203.0.113.9', 40_002, 'tls', 2));
    registrar.flowClosed(1);
    expect(registrar.targetsOf(AOR)).toMatchObject([{ target: { connection: 2, remote: { port: 40_002 } } }]);
    registrar.flowClosed(2);
    expect(registrar.targetsOf(AOR)).toEqual([]);
  });

  it('has no headers and no method in its request URI', () => {
    const { ask, registrar } = office();
    ask(register(['<sip:a@192.0.2.7;method=INVITE;ob?Replaces=x%3Bto-tag%3D1>']));
    const [target] = registrar.targetsOf(AOR);
    expect([...target!.requestUri.params.keys()]).toEqual(['ob']);
    expect(target!.requestUri.headers.size).toBe(0);
  });

  it('is nowhere when the account is withdrawn', () => {
    const { ask, registrar, events } = office();
    ask(register(['<sip:a@192.0.2.7>', '<sip:b@192.0.2.7>']));
    registrar.withdraw(AOR);
    expect(registrar.targetsOf(AOR)).toEqual([]);
    expect(events.slice(2)).toEqual(['withdrawn sip:a@192.0.2.7', 'withdrawn sip:b@192.0.2.7']);
  });
});

describe('proxies on the way (RFC 3327)', () => {
  const proxy = flow('192.0.2.99', 5061, 'tls', 5);
  const path: [string, string][] = [
    ['Path', '<sip:p2.example;lr>'],
    ['Path', '<sip:p1.example;lr;ob>'],
  ];

  it('are passed by calls in the same order, first of all', () => {
    const { ask, registrar } = office();
    const answer = ask(register(['<sip:a@10.0.0.5>'], { headers: [...path, ['Supported', 'path']], vias: 3 }), proxy);
    expect(answer.status).toBe(200);
    expect(answer.headers.list('Path')).toEqual(['<sip:p2.example;lr>', '<sip:p1.example;lr;ob>']);
    expect(registrar.targetsOf(AOR)).toMatchObject([
      {
        routes: ['<sip:p2.example;lr>', '<sip:p1.example;lr;ob>'],
        target: undefined,
        requestUri: { host: '10.0.0.5' },
      },
    ]);
    // The connection is the proxy's, and can be made again.
    registrar.flowClosed(5);
    expect(registrar.size).toBe(1);
  });

  it('are not shown to who does not know them', () => {
    const { ask } = office();
    const answer = ask(register(['<sip:a@10.0.0.5>'], { headers: path }), proxy);
    expect([answer.status, answer.headers.has('Path')]).toEqual([200, false]);
  });

  it('are believed only if they are ours: a telephone does not send calls through a gateway', () => {
    const { ask, registrar } = office();
    const answer = ask(register(['<sip:+4420@x>'], { headers: [['Path', '<sip:gateway.example;lr>']] }));
    expect([answer.status, answer.reason]).toEqual([403, 'Path Not Allowed']);
    expect(registrar.size).toBe(0);
  });

  it('that cannot be read, or are too many, are refused', () => {
    const { ask } = office();
    const answers = [
      [['Path', '<tel:1>'] as const],
      [['Path', 'x"'] as const],
      Array.from({ length: 9 }, () => ['Path', '<sip:p;lr>'] as const),
    ].map((headers) => ask(register(['<sip:a@10.0.0.5>'], { headers }), proxy).status);
    expect(answers).toEqual([400, 400, 400]);
  });
});

describe('flows (RFC 5626)', () => {
  const outbound = (user: string, regId: number | string, instance = URN): string =>
    `<sip:${user}@10.0.0.5;transport=tcp>;reg-id=${regId};+sip.instance="<${instance}>"`;
  const supported: [string, string][] = [['Supported', 'path, outbound']];

  it('of one telephone are tried one after the other, of several side by side', async () => {
    const { ask, clock, registrar } = office({ flowTimerS: 120 });
    const answer = ask(register([outbound('a', 1)], { headers: supported }), flow('203.0.113.9', 1, 'tcp', 1));
    expect(answer.headers.get('Require')).toBe('outbound');
    expect(answer.headers.get('Flow-Timer')).toBe('120');
    expect(contactsOf(answer)).toEqual([
      `<sip:a@10.0.0.5;transport=tcp>;expires=3600;+sip.instance="<${URN}>";reg-id=1`,
    ]);
    await clock.advance(1);
    ask(register([outbound('a', 2)], { headers: supported, callId: 'c2' }), flow('203.0.113.9', 2, 'tcp', 2));
    await clock.advance(1);
    ask(register([outbound('b', 1, 'urn:x')], { headers: supported, callId: 'c3' }), flow('203.0.113.8', 3, 'tcp', 3));
    expect(registrar.size).toBe(3);
    const targets = registrar.targetsOf(AOR);
    expect(
      targets.map(({ target, fallbacks }) => [target?.connection, ...fallbacks.map((one) => one.target?.connection)]),
    ).toEqual([[3], [2, 1]]);
  });

  it('are renewed by instance and number, whatever contact and Call-ID', () => {
    const { ask, registrar, events } = office();
    ask(register([outbound('a', 1)], { headers: supported }), flow('203.0.113.9', 1, 'tcp', 1));
    ask(
      register([outbound('zz', 1)], { headers: supported, callId: 'new', cseq: 1 }),
      flow('203.0.113.5', 9, 'tcp', 2),
    );
    expect(registrar.bindingsOf(AOR)).toMatchObject([{ contact: { user: 'zz' }, connection: 2, regId: 1 }]);
    expect(events).toEqual(['registered sip:a@10.0.0.5;transport=tcp', 'refreshed sip:zz@10.0.0.5;transport=tcp']);
    registrar.flowClosed(1);
    expect(registrar.size).toBe(1);
  });

  it('are none when the telephone does not say that it knows them, or names no instance or no number', () => {
    const { ask, registrar } = office();
    const regIds = (contact: string, headers: [string, string][]): (number | undefined)[] => {
      registrar.withdraw(AOR);
      expect(ask(register([contact], { headers })).headers.get('Require')).toBeUndefined();
      return registrar.bindingsOf(AOR).map(({ regId }) => regId);
    };
    expect(regIds(outbound('a', 1), [])).toEqual([undefined]);
    expect(regIds('<sip:a@10.0.0.5>;reg-id=1', supported)).toEqual([undefined]);
    for (const odd of ['0', '2147483648', '-1', 'x', '1.5'])
      expect(regIds(outbound('a', odd), supported)).toEqual([undefined]);
    expect(regIds(`<sip:a@10.0.0.5>;reg-id=1;+sip.instance="<${'u'.repeat(300)}>"`, supported)).toEqual([undefined]);
    expect(registrar.bindingsOf(AOR)[0]?.instance).toBeUndefined();
  });

  it('are one in a request', () => {
    const { ask } = office();
    const both = ask(register([outbound('a', 1), outbound('a', 2)], { headers: supported }));
    expect(both.status).toBe(400);
    const gone = outbound('a', 1).replace('>;reg', '>;expires=0;reg');
    expect(ask(register([gone, outbound('a', 2)], { headers: supported })).status).toBe(200);
  });

  it('want a first proxy that keeps them', () => {
    const { ask } = office();
    const by = flow('192.0.2.99', 5060, 'tcp', 5);
    const path = (value: string): [string, string][] => [...supported, ['Path', value]];
    const status = (headers: [string, string][], vias: number): number =>
      ask(register([outbound('a', 1)], { headers, vias }), by).status;
    expect(status(supported, 2)).toBe(439);
    expect(status(path('<sip:p2;lr;ob>, <sip:p1;lr>'), 2)).toBe(439);
    expect(status(path('<sip:p2;lr>, <sip:p1;lr;ob>'), 2)).toBe(200);
    expect(status(supported, 1)).toBe(200);
  });
});
