// Who a caller is, and who is believed when he says so.
import { describe, expect, it } from 'vitest';
import type { SipMessage } from '../../daemon/src/sip/message/index.js';
import { sdp } from '../support/sip-phone.js';
import { StackBench, stationOf } from '../support/sip-stack-bench.js';
import { dialled } from '../support/sip-stack-calls.js';

type Headers = [string, string][];

const CLAIMS: Headers = [
  ['P-Asserted-Identity', '"Boss" <sip:8888@evil.example>'],
  ['Remote-Party-ID', '"Boss" <sip:8888@evil.example>;party=calling'],
  ['Diversion', '<sip:7777@evil.example>;reason=user-busy'],
];

async function offeredByTrunk(headers: Headers, from = '13800138000') {
  const bench = await StackBench.start();
  const carrier = await bench.carrier('a');
  await carrier.ask('INVITE', { to: '95001', from, headers, sdp: sdp(carrier.port) });
  return bench.next('call.offered');
}

describe('a call of a station', () => {
  it('is its own, whatever it claims', async () => {
    const bench = await StackBench.start();
    const phone = await bench.phone(1001);
    await phone.invite('1002', { headers: [...CLAIMS, ['Privacy', 'none']] });
    expect(await bench.next('call.offered')).toMatchObject({
      ...{ origin: { kind: 'station', station: 1001 }, callingNumber: '1001', callingName: 'Phone 1001' },
      divertedFrom: undefined,
    });
  });

  it('under the number of another is refused, with the right secret too', async () => {
    const bench = await StackBench.start();
    const phone = await bench.phone(1001);
    expect((await phone.request('INVITE', { to: '1003', from: '1002', sdp: sdp(1) })).status).toBe(403);
    expect(bench.all('call.offered')).toEqual([]);
  });
});

describe('a call of a trunk', () => {
  it('is whom the carrier asserts, before whom the caller names', async () => {
    expect(await offeredByTrunk([])).toMatchObject({
      origin: { kind: 'trunk', trunk: 'a' },
      callingNumber: '13800138000',
    });
    expect(
      await offeredByTrunk([['P-Asserted-Identity', '"Wang" <sip:+86-571-8888@carrier.example;user=phone>']]),
    ).toMatchObject({
      ...{ callingNumber: '+865718888', callingName: 'Wang' },
    });
    expect(
      await offeredByTrunk([['Remote-Party-ID', '<sip:02088886666@carrier.example>;party=calling']]),
    ).toMatchObject({
      callingNumber: '02088886666',
    });
  });

  it.each([
    [
      'with Privacy',
      [
        ['P-Asserted-Identity', '<sip:110@x.example>'],
        ['Privacy', 'id'],
      ],
      undefined,
    ],
    ['with the privacy of Remote-Party-ID', [['Remote-Party-ID', '<sip:110@x.example>;privacy=full']], undefined],
  ] as [string, Headers, undefined][])('%s shows no number', async (_how, headers) => {
    expect(await offeredByTrunk(headers)).toMatchObject({ callingNumber: '', callingName: '' });
  });

  it.each([
    ['the latest Diversion', [['Diversion', '<sip:7001@x.example>;reason=no-answer, <sip:7000@x.example>']], '7001'],
    ['no Diversion that hides itself', [['Diversion', '<sip:7001@x.example>;privacy=full']], undefined],
    [
      'History-Info before its last entry',
      [
        ['History-Info', '<sip:7000@x.example>;index=1, <sip:7002@x.example?Reason=SIP%3Bcause%3D486>;index=1.1'],
        ['History-Info', '<sip:95001@x.example>;index=1.2'],
      ],
      '7002',
    ],
    ['no History-Info of one entry', [['History-Info', '<sip:95001@x.example>;index=1']], undefined],
    [
      'no History-Info that hides itself',
      [['History-Info', '<sip:7000@x.example?Privacy=history>;index=1, <sip:95001@x.example>;index=1.1']],
      undefined,
    ],
    [
      'no History-Info of a call whose history is private',
      [
        ['History-Info', '<sip:7000@x.example>;index=1, <sip:95001@x.example>;index=1.1'],
        ['Privacy', 'critical;history'],
      ],
      undefined,
    ],
    [
      'History-Info that hides nothing',
      [['History-Info', '<sip:7000@x.example?Privacy=none>;index=1, <sip:95001@x.example>;index=1.1']],
      '7000',
    ],
    ['nothing that cannot be read', [['Diversion', '<<<']], undefined],
  ] as [string, Headers, string | undefined][])('was sent on by %s', async (_how, headers, number) => {
    expect((await offeredByTrunk(headers)).divertedFrom).toBe(number);
  });

  it.each([
    ['history', true],
    ['id;session', true],
    ['none', undefined],
    ['id', undefined],
  ])('may not want others to know who sends his call on: Privacy: %s', async (privacy, told) => {
    expect((await offeredByTrunk([['Privacy', privacy]])).privateHistory).toBe(told);
  });
});

describe('a call that goes out', () => {
  it('asserts to telephones who calls, and hides who does not want to be seen', async () => {
    const bench = await StackBench.start();
    const phone = await bench.phone(1002);
    const target = { kind: 'station', station: 1002 } as const;
    const shown = (await dialled(bench, phone, target)).invite;
    expect(shown.headers.get('P-Asserted-Identity')).toContain('sip:13800138000@');
    const hidden = (await dialled(bench, phone, target, { anonymous: true, callingNumber: '', callingName: '' }))
      .invite;
    expect(hidden.from.uri.host).toBe('anonymous.invalid');
    expect(hidden.headers.get('Privacy')).toBe('id');
    expect(hidden.headers.has('P-Asserted-Identity')).toBe(false);
  });
});

describe('nobody learns', () => {
  it('whether a station exists: the same answer with the same headers', async () => {
    const digest: ('md5' | 'sha256')[] = ['sha256', 'md5'];
    const bench = await StackBench.start({
      stations: [stationOf(1001, { digest }), stationOf(1002, { digest, enabled: false })],
    });
    const phone = await bench.phone(1001, { registered: false });
    const shape = (message: SipMessage): string[] =>
      [...message.headers.entries()].map(([name, value]) =>
        name === 'WWW-Authenticate' ? `${name}: ${value.replace(/"[^"]*"/g, '""')}` : name,
      );
    for (const method of ['REGISTER', 'INVITE', 'SUBSCRIBE', 'MESSAGE']) {
      const answers = [];
      for (const user of ['1001', '1002', '4711', 'admin'])
        answers.push(await phone.request(method, { from: user, to: user, authorize: false }));
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
      const [first, ...others] = answers.map(shape);
      for (const other of others) expect(other).toEqual(first);
    }
  });
});
