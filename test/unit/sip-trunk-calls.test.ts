// Calls over a trunk of several hosts, over real sockets: which host is tried when, what the caller is told in the end, and what a
// carrier learns of who calls.
import { describe, expect, it } from 'vitest';
import type { SipRequest } from '../../daemon/src/sip/message/index.js';
import { divertedFrom } from '../../daemon/src/sip/stack/diverted.js';
import type { StackTrunk } from '../../daemon/src/sip/stack/index.js';
import { Carrier, SDP, digestGate, stackDesk, stackTrunk } from '../support/sip-carrier.js';

/** Two hosts of one trunk, the first preferred, without OPTIONS. */
async function twoHosts(over: Partial<StackTrunk> = {}, transport: 'udp' | 'tcp' = 'udp') {
  const one = await Carrier.open(transport, { host: '127.0.0.2' });
  const two = await Carrier.open(transport, { host: '127.0.0.3' });
  const hosts = [one.host({ priority: 1 }), two.host({ priority: 2 })];
  const desk = await stackDesk({ trunks: [stackTrunk({ hosts, ...over })] });
  await desk.state('up');
  return { one, two, ...desk };
}

/** One host, and an INVITE that has come there. */
async function called(
  over: Partial<StackTrunk> = {},
  more: Parameters<Awaited<ReturnType<typeof stackDesk>>['dial']>[1] = {},
) {
  const carrier = await Carrier.open('udp', { host: '127.0.0.2' });
  const desk = await stackDesk({ trunks: [stackTrunk({ hosts: [carrier.host()], ...over })] });
  await desk.state('up');
  const call = desk.dial('13800138000', more);
  const invite = await carrier.next('INVITE');
  return { carrier, ...desk, call, invite };
}

const q850 = (cause: number): (readonly [string, string])[] => [['Reason', `Q.850;cause=${cause}`]];

describe('the next host is tried', () => {
  it('after 503, at once, with a Request-URI of its own', async () => {
    const { one, two, dial, cause } = await twoHosts();
    const call = dial('13800138000');
    await one.answer(await one.next('INVITE'), 503);
    const invite = await two.next('INVITE');
    expect(invite.uri).toMatchObject({ user: '13800138000', host: '127.0.0.3', port: two.port });
    await two.answer(invite, 486);
    expect(await cause(call)).toBe(17);
  });

  it('after four seconds of silence, and the first is cancelled when it wakes up', async () => {
    const { one, two, dial, advance, cause } = await twoHosts();
    const call = dial('13800138000');
    const first = await one.next('INVITE');
    await advance(3500);
    expect(two.all('INVITE')).toHaveLength(0);
    await advance(1000);
    const second = await two.next('INVITE');
    await one.answer(first, 180);
    const cancel = await one.next('CANCEL');
    expect(cancel.cseq.number).toBe(first.cseq.number);
    await one.answer(cancel, 200);
    await one.answer(first, 487);
    await one.next('ACK');
    await two.answer(second, 404);
    expect(await cause(call)).toBe(1);
  });

  it('after silence, and a late answer of the first is acknowledged and ended while the second rings', async () => {
    const { one, two, dial, advance, seen, of } = await twoHosts();
    const call = dial('13800138000');
    const first = await one.next('INVITE');
    await advance(4500);
    const second = await two.next('INVITE');
    await two.answer(second, 200, { sdp: SDP(50_002) });
    await seen('call.answered', (one_) => one_.call === call);
    await one.answer(first, 200, { sdp: SDP(50_000) });
    await one.next('ACK');
    await one.answer(await one.next('BYE'), 200);
    expect(of('call.answered')).toHaveLength(1);
    expect(of('call.released')).toEqual([]);
  });

  it('when nothing can be sent to the first', async () => {
    const { one, two, dial } = await twoHosts({}, 'tcp');
    await one.close();
    dial('13800138000');
    expect((await two.next('INVITE')).uri.host).toBe('127.0.0.3');
  });

  it('first for the next call, for a while, when the first was silent', async () => {
    const { one, two, dial, advance } = await twoHosts();
    dial('13800138000');
    await one.next('INVITE');
    await advance(4500);
    await two.answer(await two.next('INVITE'), 486);
    dial('13800138001');
    const next = await two.next('INVITE');
    expect(next.uri.user).toBe('13800138001');
    await two.answer(next, 486);
    await advance(31_000);
    dial('13800138002');
    expect((await one.next('INVITE')).uri.user).toBe('13800138002');
  });

  it('as often as there is time for, and no more', async () => {
    const carriers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => Carrier.open('udp', { host: `127.0.0.${10 + i}` })),
    );
    for (const carrier of carriers) carrier.script = () => ({ status: 503 });
    const hosts = carriers.map((carrier, priority) => carrier.host({ priority }));
    const desk = await stackDesk({ trunks: [stackTrunk({ hosts })] });
    await desk.state('up');
    expect(await desk.cause(desk.dial('13800138000'))).toBe(41);
    expect(carriers.map((carrier) => carrier.all('INVITE').length)).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
  });
});

describe('no other host is tried', () => {
  it.each([
    [403, 21],
    [404, 1],
    [480, 18],
    [484, 28],
    [486, 17],
    [488, 88],
    [500, 41],
    [600, 17],
    [603, 21],
    [604, 1],
  ])('after %i', async (status, expected) => {
    const { one, two, dial, cause } = await twoHosts();
    const call = dial('13800138000');
    await one.answer(await one.next('INVITE'), status);
    expect(await cause(call)).toBe(expected);
    expect(two.all('INVITE')).toHaveLength(0);
  });

  it('after 503 with a cause of the called party in Reason', async () => {
    const { one, two, dial, cause } = await twoHosts();
    const call = dial('13800138000');
    await one.answer(await one.next('INVITE'), 503, { headers: q850(17) });
    expect(await cause(call)).toBe(17);
    expect(two.all('INVITE')).toHaveLength(0);
  });

  it('when it has rung before', async () => {
    const { one, two, dial, cause, seen } = await twoHosts();
    const call = dial('13800138000');
    const invite = await one.next('INVITE');
    await one.answer(invite, 180);
    await seen('call.progressed');
    await one.answer(invite, 503);
    expect(await cause(call)).toBe(41);
    expect(two.all('INVITE')).toHaveLength(0);
  });

  it('when the caller has hung up between: the first is cancelled, and nobody rings', async () => {
    const { one, two, dial, handlers, advance } = await twoHosts();
    const call = dial('13800138000');
    const invite = await one.next('INVITE');
    await handlers['call.release']({ call, cause: 16 });
    await one.answer(invite, 503);
    await advance(5000);
    expect(two.all('INVITE')).toHaveLength(0);
    const second = dial('13800138001');
    const first = await two.next('INVITE');
    await two.answer(first, 180);
    await handlers['call.release']({ call: second, cause: 16 });
    const cancel = await two.next('CANCEL');
    expect(cancel.headers.get('Reason')).toBe('Q.850;cause=16');
  });
});

describe('what a carrier says', () => {
  it('with Reason counts more than its status', async () => {
    const { carrier, invite, call, cause } = await called();
    await carrier.answer(invite, 480, { headers: q850(34) });
    expect(await cause(call)).toBe(34);
  });

  it('of credentials that it does not take is no word of the called party', async () => {
    const gate = digestGate('4001', 'another', 'MD5');
    const carrier = await Carrier.open();
    carrier.script = (heard) => (heard.request.method === 'INVITE' ? gate.ask(heard) : undefined);
    const desk = await stackDesk({ trunks: [stackTrunk({ hosts: [carrier.host()], username: '4001', secret: 'a' })] });
    await desk.state('up');
    expect(await desk.cause(desk.dial('13800138000'))).toBe(41);
    expect(carrier.all('INVITE')).toHaveLength(2);
  });

  it('before the answer is heard, and answered with PRACK when it wants that', async () => {
    const { carrier, invite, call, seen, of } = await called();
    expect(invite.headers.get('Supported')).toContain('100rel');
    const reliable = [
      ['Require', '100rel'],
      ['RSeq', '71'],
    ] as const;
    await carrier.answer(invite, 183, { sdp: SDP(50_000), headers: reliable });
    const prack = await carrier.next('PRACK');
    expect(prack.headers.get('RAck')).toBe(`71 ${invite.cseq.number} INVITE`);
    await carrier.answer(prack, 200);
    expect(await seen('call.progressed')).toEqual({ call, progress: 'inband' });
    expect((await seen('call.mediaChanged')).media).toMatchObject({ remotePort: 50_000, codec: { name: 'PCMA' } });
    await carrier.answer(invite, 200);
    await seen('call.answered');
    await carrier.next('ACK');
    expect(of('call.released')).toEqual([]);
  });

  it('with a redirection is followed inside its own hosts', async () => {
    const { one, two, dial, cause } = await twoHosts();
    const call = dial('13800138000');
    const contact = `<sip:evil@192.0.2.66>;q=1, <sip:8613800138000@127.0.0.3:${two.port}>;q=0.5`;
    await one.answer(await one.next('INVITE'), 302, { headers: [['Contact', contact]] });
    const invite = await two.next('INVITE');
    expect(invite.uri).toMatchObject({ user: '8613800138000', host: '127.0.0.3' });
    await two.answer(invite, 486);
    expect(await cause(call)).toBe(17);
  });

  it('with a redirection elsewhere, or in a circle, is the end', async () => {
    const elsewhere = await called();
    await elsewhere.carrier.answer(elsewhere.invite, 302, { headers: [['Contact', '<sip:13800138000@192.0.2.66>']] });
    expect(await elsewhere.cause(elsewhere.call)).toBe(127);
    const circle = await called();
    const { carrier } = circle;
    let hops = 0;
    const again = (): readonly (readonly [string, string])[] => [
      ['Contact', `<sip:${(hops += 1)}@127.0.0.2:${carrier.port}>`],
    ];
    carrier.script = ({ request }) => (request.method === 'INVITE' ? { status: 302, headers: again() } : undefined);
    await carrier.answer(circle.invite, 302, { headers: again() });
    await circle.cause(circle.call);
    expect(carrier.all('INVITE').length).toBe(4);
  });
});

describe('what a trunk has of its own', () => {
  it.each<[Partial<StackTrunk>, string, boolean]>([
    [{ codecs: ['pcmu', 'pcma'] }, '0 8 101', true],
    [{ codecs: ['g722', 'pcma'], dtmf: 'rfc4733' }, '9 8 101', true],
    [{ codecs: ['pcma'], dtmf: 'inband' }, '8', false],
  ])('the order of codecs and how digits go: %j', async (over, formats, events) => {
    const { invite } = await called(over);
    const sdp = invite.body.toString();
    expect(/m=audio \d+ RTP\/AVP ([\d ]+)\r\n/.exec(sdp)?.[1]).toBe(formats);
    expect(sdp.includes('telephone-event')).toBe(events);
  });
});

describe('who calls', () => {
  const of = (invite: SipRequest) => ({
    from: `${invite.from.displayName} ${invite.from.uri.user}@${invite.from.uri.host}`,
    pai: invite.headers.get('P-Asserted-Identity'),
    rpid: invite.headers.get('Remote-Party-ID'),
    privacy: invite.headers.get('Privacy'),
  });
  const shown = async (over: Partial<StackTrunk>, more: Parameters<typeof called>[1] = {}) =>
    of((await called({ fromDomain: 'carrier.example', ...over }, more)).invite);

  it('stands in From, or beside it where the carrier wants that', async () => {
    const nothing = { pai: undefined, rpid: undefined, privacy: undefined };
    expect(await shown({})).toEqual({ from: 'Desk 01066668888@carrier.example', ...nothing });
    expect(await shown({ callerIdHeader: 'pai' })).toEqual({
      ...nothing,
      from: 'Desk 01066668888@carrier.example',
      pai: '"Desk" <sip:01066668888@carrier.example>',
    });
    expect(await shown({ callerIdHeader: 'rpid', fromUser: '4001' })).toEqual({
      ...nothing,
      from: 'Desk 4001@carrier.example',
      rpid: '"Desk" <sip:01066668888@carrier.example>;party=calling;screen=yes;privacy=off',
    });
    expect((await shown({ fromUser: '4001' })).from).toBe('Desk 4001@carrier.example');
  });

  it('is told to the carrier alone when he does not want to be known', async () => {
    const anonymous = { anonymous: true };
    const from = 'Anonymous anonymous@anonymous.invalid';
    const privacy = 'id';
    expect(await shown({}, anonymous)).toEqual({ from, privacy, pai: undefined, rpid: undefined });
    expect(await shown({ callerIdHeader: 'pai', fromUser: '4001' }, anonymous)).toMatchObject({
      ...{ from, privacy },
      pai: '"Desk" <sip:01066668888@carrier.example>',
    });
    expect((await shown({ callerIdHeader: 'rpid' }, anonymous)).rpid).toContain('privacy=full');
  });

  it('and who has sent the call on', async () => {
    const { invite } = await called({}, { divertedFrom: '01066668888' });
    const diversion = '<sip:01066668888@cordboard>;reason=deflection;counter=1';
    expect(invite.headers.get('Diversion')).toBe(diversion);
    const hidden = await called({}, { divertedFrom: '01066668888', anonymous: true });
    expect(hidden.invite.headers.get('Diversion')).toBe(`${diversion};privacy=full`);
    expect(hidden.invite.headers.has('History-Info')).toBe(false);
  });

  it.each([
    ['none', false, false],
    ['diversion', true, false],
    ['history', false, true],
    ['both', true, true],
  ] as const)('as the carrier wants to be told: %s', async (diversionHeader, diversion, history) => {
    const { invite, carrier } = await called({ diversionHeader }, { divertedFrom: '01066668888' });
    expect([invite.headers.has('Diversion'), invite.headers.has('History-Info')]).toEqual([diversion, history]);
    if (!history) return;
    expect(invite.headers.list('History-Info')).toEqual([
      '<sip:01066668888@cordboard>;index=1',
      `<sip:13800138000@127.0.0.2:${carrier.port};cause=480>;index=1.1;mp=1`,
    ]);
    // A box at the other end reads it so.
    expect(divertedFrom(invite)).toBe('01066668888');
  });

  it('with the history hidden from all but the carrier when the caller does not want to be known', async () => {
    const more = { divertedFrom: '01066668888', anonymous: true };
    const { invite } = await called({ diversionHeader: 'history' }, more);
    expect(invite.headers.list('History-Info')[0]).toBe('<sip:01066668888@cordboard?privacy=history>;index=1');
    expect(divertedFrom(invite)).toBeUndefined();
  });

  it('with the history hidden from them, and the caller not, when that is what he wants', async () => {
    const { invite } = await called(
      { diversionHeader: 'both' },
      { divertedFrom: '01066668888', privateHistory: true, callingNumber: '13900139000' },
    );
    expect(invite.headers.get('Diversion')).toContain(';privacy=full');
    expect(invite.headers.list('History-Info')[0]).toContain('?privacy=history>');
    expect([invite.from.uri.user, invite.headers.has('Privacy')]).toEqual(['13900139000', false]);
  });

  it('no history of a call that nobody has sent on', async () => {
    const { invite } = await called({ diversionHeader: 'both' });
    expect([invite.headers.has('Diversion'), invite.headers.has('History-Info')]).toEqual([false, false]);
  });
});
