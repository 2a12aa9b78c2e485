// Calls that come in over trunks, over real sockets: whose they are, who calls whom, and how many there may be.
import { describe, expect, it } from 'vitest';
import type { StackStation, StackTrunk } from '../../daemon/src/sip/stack/index.js';
import { digestHash } from '../../daemon/src/sip/auth/algorithm.js';
import { Carrier, SDP, sendAs, stackDesk, stackTrunk } from '../support/sip-carrier.js';

type Sent = Parameters<Carrier['send']>[2];

async function offered(sent: Sent, over: Partial<StackTrunk> = {}) {
  const carrier = await Carrier.open('udp', { host: '127.0.0.2' });
  const desk = await stackDesk({ trunks: [stackTrunk({ hosts: [carrier.host()], ...over })] });
  await desk.state('up');
  await carrier.send('INVITE', desk, { sdp: SDP(50_000), ...sent });
  const { calledNumber, callingNumber, callingName, anonymous } = await desk.seen('call.offered');
  return { calledNumber, callingNumber, callingName, anonymous };
}

describe('who calls', () => {
  it('is whom the carrier asserts, before what the caller says', async () => {
    const from = '"Liar" <sip:110@evil.example>;tag=1';
    const asserted = [
      'P-Asserted-Identity',
      '"Li" <sip:+8613800138000;phone-context=x@carrier.example>, <tel:+1>',
    ] as const;
    expect(await offered({ from, headers: [asserted] })).toMatchObject({
      callingNumber: '+8613800138000',
      callingName: 'Li',
    });
    expect(await offered({ from, headers: [['P-Asserted-Identity', '<tel:+86-138-0013-8000>']] })).toMatchObject({
      callingNumber: '+8613800138000',
    });
    const party = ['Remote-Party-ID', '<sip:13800138000@carrier.example>;party=calling'] as const;
    expect(await offered({ from, headers: [party] })).toMatchObject({ callingNumber: '13800138000' });
    expect(await offered({ from })).toMatchObject({ callingNumber: '110', callingName: 'Liar', anonymous: false });
  });

  it.each<[string, Sent]>([
    [
      'Privacy',
      {
        headers: [
          ['P-Asserted-Identity', '<sip:13800138000@carrier.example>'],
          ['Privacy', 'id'],
        ],
      },
    ],
    ['From', { from: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1' }],
    ['its user', { from: '<sip:Anonymous@carrier.example>;tag=1' }],
    ['Remote-Party-ID', { headers: [['Remote-Party-ID', '<sip:13800138000@c.example>;privacy=full']] }],
  ])('is nobody when he does not want to be known: %s', async (_where, sent) => {
    expect(await offered(sent)).toMatchObject({ callingNumber: '', callingName: '', anonymous: true });
  });
});

describe('who is called', () => {
  const registered = { username: '4001', secret: 'x' };
  it.each<[string, Sent, Partial<StackTrunk>]>([
    ['the Request-URI', { uri: 'sip:66668888@127.0.0.1', to: '<sip:1@x.example>' }, {}],
    ['To, when our Contact is called', { uri: 'sip:4001@127.0.0.1', to: '<sip:66668888@x.example>' }, registered],
    ['To, when nobody is named', { uri: 'sip:127.0.0.1', to: '<sip:66668888@x.example>' }, {}],
    [
      'P-Called-Party-ID, when our Contact is called',
      {
        ...{ uri: 'sip:4001@127.0.0.1', to: '<sip:4001@x.example>' },
        headers: [['P-Called-Party-ID', '<sip:66668888@x.example>']],
      },
      registered,
    ],
  ])('stands in %s', async (_where, sent, over) => {
    expect((await offered(sent, over)).calledNumber).toBe('66668888');
  });
});

describe('whose call it is', () => {
  it('is told by where it comes from: the networks that were set, else the addresses of the hosts', async () => {
    const ours = await Carrier.open('udp', { host: '127.0.0.2' });
    const near = await Carrier.open('udp', { host: '127.0.9.1' });
    const nobody = await Carrier.open('udp', { host: '127.0.0.9' });
    const desk = await stackDesk({
      trunks: [
        stackTrunk({ id: 'one', hosts: [ours.host()] }),
        stackTrunk({ id: 'two', hosts: [near.host()], sources: ['127.0.9.0/24'] }),
      ],
    });
    await desk.state('up', 'two');
    await ours.send('INVITE', desk, { sdp: SDP(50_000) });
    await desk.seen('call.offered', ({ origin }) => origin.kind === 'trunk' && origin.trunk === 'one');
    await near.send('INVITE', desk, { sdp: SDP(50_000) });
    await desk.seen('call.offered', ({ origin }) => origin.kind === 'trunk' && origin.trunk === 'two');
    const { final } = await nobody.send('INVITE', desk, { sdp: SDP(50_000) });
    expect((await final()).status).toBe(401);
    expect(desk.of('call.offered')).toHaveLength(2);
  });

  it('of two accounts at one carrier is told by whom it calls', async () => {
    const carrier = await Carrier.open('udp', { host: '127.0.0.2' });
    const hosts = [carrier.host()];
    const desk = await stackDesk({
      trunks: [
        stackTrunk({ id: 'one', hosts, username: '4001', secret: 'x' }),
        stackTrunk({ id: 'two', hosts, username: '4002', secret: 'x' }),
      ],
    });
    await desk.state('up', 'two');
    await carrier.send('INVITE', desk, { uri: 'sip:4002@127.0.0.1', to: '<sip:66668888@x.example>', sdp: SDP(50_000) });
    expect(await desk.seen('call.offered')).toMatchObject({ origin: { trunk: 'two' }, calledNumber: '66668888' });
  });
});

describe('a carrier that wants provisional answers to be reliable', () => {
  it('gets 180 with RSeq, and sends PRACK', async () => {
    const carrier = await Carrier.open('udp', { host: '127.0.0.2' });
    const desk = await stackDesk({ trunks: [stackTrunk({ hosts: [carrier.host()] })] });
    await desk.state('up');
    const invite = await carrier.send('INVITE', desk, { sdp: SDP(50_000), headers: [['Require', '100rel']] });
    const { call } = await desk.seen('call.offered');
    await desk.handlers['call.media']({ call, media: { rtpPort: 40_000, rtcpPort: 40_001 } });
    await desk.handlers['call.alert']({ call, early: false });
    await expect.poll(() => invite.got.map(({ status }) => status)).toContain(180);
    const ringing = invite.got.find(({ status }) => status === 180)!;
    const rseq = ringing.headers.get('RSeq');
    expect(ringing.headers.get('Require')).toBe('100rel');
    const prack = await carrier.send('PRACK', desk, {
      ...{ callId: invite.request.callId, cseq: 2, to: ringing.headers.get('To')! },
      headers: [['RAck', `${rseq} 1 INVITE`]],
    });
    expect((await prack.final()).status).toBe(200);
  });
});

describe('how many calls there may be', () => {
  it('counts calls in and out; one too many is busy here, with the cause that another way may be tried', async () => {
    const carrier = await Carrier.open('udp', { host: '127.0.0.2' });
    const desk = await stackDesk({ trunks: [stackTrunk({ hosts: [carrier.host()], maxCalls: 2 })] });
    await desk.state('up');
    await carrier.send('INVITE', desk, { sdp: SDP(50_000) });
    const { call } = await desk.seen('call.offered');
    desk.dial('13800138000');
    const full = await (await carrier.send('INVITE', desk, { sdp: SDP(50_000) })).final();
    expect([full.status, full.headers.get('Reason')]).toEqual([486, 'Q.850;cause=34']);
    expect(() => desk.dial('13800138001')).toThrow('trunk carrier has no call left');
    await desk.handlers['call.release']({ call, cause: 16 });
    desk.dial('13800138002');
  });
});

describe('a station', () => {
  const SECRET = 'a secret of a station';
  const account = (over: Partial<StackStation> = {}): StackStation => ({
    ...{ number: 1001, name: 'Wang', digest: ['sha256', 'md5'], security: 'any', srtp: 'none' },
    ...{ codecs: ['pcma'], dtmf: 'auto', maxContacts: 3, maxCalls: 2, enabled: true },
    ha1Md5: digestHash('MD5', `1001:cordboard:${SECRET}`),
    ha1Sha256: digestHash('SHA-256', `1001:cordboard:${SECRET}`),
    ...over,
  });

  const calls = (phone: Carrier, desk: { port: number }, number: string) =>
    sendAs(phone, desk, 'INVITE', {
      ...{ user: '1001', secret: SECRET, uri: `sip:${number}@cordboard`, sdp: SDP(50_000) },
    });

  it('may begin so many calls within an hour, and is told when there are more; emergency calls do not count', async () => {
    const phone = await Carrier.open('udp', { host: '127.0.0.5' });
    const desk = await stackDesk({ stations: [account({ maxCalls: 1 })], callsPerHour: 2 });
    const release = desk.handlers['call.release'];
    for (let i = 1; i <= 2; i += 1) {
      await calls(phone, desk, `100${i + 1}`);
      await expect.poll(() => desk.of('call.offered').length).toBe(i);
      await release({ call: desk.of('call.offered').at(-1)!.call, cause: 16 });
    }
    const refused = await (await calls(phone, desk, '1009')).final();
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '60']);
    expect(refused.headers.get('Reason')).toContain('too many calls within an hour');
    await calls(phone, desk, '110');
    await desk.seen('call.offered', ({ calledNumber }) => calledNumber === '110');
    // Nor does it matter that the telephone has a call already.
    await calls(phone, desk, '110');
    await expect.poll(() => desk.of('call.offered').length).toBe(4);
  });

  it('is told in words why its call is refused', async () => {
    const phone = await Carrier.open('udp', { host: '127.0.0.5' });
    const desk = await stackDesk({ stations: [account()] });
    const { final } = await calls(phone, desk, '0044');
    const { call } = await desk.seen('call.offered');
    await desk.handlers['call.release']({ call, cause: 21, text: 'the telephone may not dial international numbers' });
    const refused = await final();
    expect(refused.status).toBe(403);
    expect(refused.headers.get('Reason')).toBe(
      'Q.850;cause=21;text="the telephone may not dial international numbers"',
    );
  });

  it('gets through to the police when everything else is turned away', async () => {
    const phone = await Carrier.open('udp', { host: '127.0.0.5' });
    // Any delay is too much.
    const overload = { always: { perS: 0.001, burst: 0 }, loopDelayMs: { high: -1, low: -2 } };
    const desk = await stackDesk({ stations: [account()], trusted: ['127.0.0.0/8'] }, { overload });
    const other = await Carrier.open('udp', { host: '127.0.0.7' });
    await desk.clock.advance(250);
    await desk.clock.advance(250);
    const shed = await (await other.send('INVITE', desk, { sdp: SDP(50_000) })).final();
    expect(shed.status).toBe(503);
    expect(Number(shed.headers.get('Retry-After'))).toBeGreaterThan(0);
    await calls(phone, desk, '110');
    expect((await desk.seen('call.offered')).calledNumber).toBe('110');
  });

  it('that does not exist is challenged as those are that do', async () => {
    const phone = await Carrier.open('udp', { host: '127.0.0.5' });
    const desk = await stackDesk({ stations: [account({ digest: ['md5'] })] });
    const challenges = async (number: string): Promise<string[]> => {
      const { final } = await phone.send('REGISTER', desk, {
        ...{ uri: 'sip:cordboard', from: `<sip:${number}@cordboard>;tag=a`, to: `<sip:${number}@cordboard>` },
      });
      return (await final()).headers.lines('WWW-Authenticate').map((line) => /algorithm=([^,]+)/.exec(line)?.[1] ?? '');
    };
    expect(await challenges('1001')).toEqual(['MD5']);
    expect(await challenges('7777')).toEqual(['MD5']);
  });
});
