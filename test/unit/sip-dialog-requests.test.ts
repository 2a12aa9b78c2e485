// What rides on a session: hanging up, digits in INFO, transfers by REFER, and requests of the owner's.
import { describe, expect, it } from 'vitest';
import {
  causeOfStatus,
  formatSipfrag,
  parseReasons,
  parseSipfrag,
  q850Cause,
  q850Reason,
  statusOfCause,
  type Referral,
} from '../../daemon/src/sip/dialog/index.js';
import { newRequest } from '../../daemon/src/sip/message/index.js';
import { A, B, stackAndPeer, twoStacks } from '../support/sip-wire-stack.js';

/** A call of ours to the peer, answered. */
async function inCall() {
  const bench = stackAndPeer();
  const call = bench.stack.call(B);
  await bench.advance(10);
  const invite = bench.got('INVITE');
  await bench.answer(invite, 200, { sdp: 'peer answer' });
  const dialog = { callId: invite.callId, to: invite.headers.get('From')!, from: `<sip:someone@${B}>;tag=peer` };
  let cseq = 0;
  const request = (method: string, parts: Parameters<typeof bench.request>[1] = {}): Promise<void> =>
    bench.request(method, { ...dialog, cseq: ++cseq, ...parts });
  const answerNext = async (method: string, status: number, headers: [string, string][] = []): Promise<void> =>
    bench.answer(await bench.next(method), status, { headers });
  call.events.length = bench.peer.received.length = 0;
  return { ...bench, call, invite, request, answerNext };
}

describe('hanging up', () => {
  it('says why, and hears why', async () => {
    const two = twoStacks();
    const { out, into } = await two.established();
    out.session.end({ cause: 31, text: 'a "reason"\r\nof ours' });
    await two.advance(20);
    expect(into.session.ended?.reasons).toEqual([{ protocol: 'Q.850', cause: 31, text: 'a "reason"  of ours' }]);
    expect([out.events, into.events]).toEqual([['ended by us 31 -'], ['ended by peer 31 -']]);
    out.session.end();
    into.session.end();
    await two.advance(40_000);
    expect([two.caller.living, two.callee.living]).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(two.wire.named('BYE')).toHaveLength(1);
  });

  it('on both sides at once is no error', async () => {
    const two = twoStacks();
    const { out, into } = await two.established();
    out.session.end();
    into.session.end();
    await two.advance(40_000);
    expect([out.events, into.events]).toEqual([['ended by us 16 -'], ['ended by us 16 -']]);
    expect(two.wire.named('200 BYE')).toHaveLength(2);
    expect([two.caller.living, two.callee.living]).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
  });

  it('is over after 64*T1 when the peer says nothing', async () => {
    const { call, advance, stack } = await inCall();
    call.session.end();
    await advance(80_000);
    expect(stack.living).toEqual([0, 0, 0, 0]);
  });

  it('leaves 481 for what comes after', async () => {
    const { call, answerNext, request, statuses } = await inCall();
    call.session.end();
    await answerNext('BYE', 200);
    await request('INFO');
    await request('BYE');
    expect([...statuses('INFO'), ...statuses('BYE')]).toEqual([481, 481]);
  });
});

describe('digits that come in INFO', () => {
  it.each([
    ['application/dtmf-relay', 'Signal=5\r\nDuration=160', 'digit 5 160'],
    ['application/dtmf-relay', 'Signal= *\nDuration= 250\n', 'digit * 250'],
    ['application/dtmf-relay', 'Signal=11', 'digit # 0'],
    ['application/dtmf-relay', 'duration=999999\r\nsignal=d', 'digit D 10000'],
    ['Application/DTMF-Relay; x=y', 'Signal=0\r\nDuration=x', 'digit 0 0'],
    ['application/dtmf', '7', 'digit 7 0'],
    ['application/dtmf', '#\r\n', 'digit # 0'],
    ['application/dtmf', '12', 'digit A 0'],
  ])('%s %j', async (type, text, event) => {
    const { call, request, statuses } = await inCall();
    await request('INFO', { body: [type, text] });
    expect(statuses('INFO')).toEqual([200]);
    expect(call.events).toEqual([event]);
  });

  it.each([
    ['application/dtmf-relay', 'Signal=16', 400],
    ['application/dtmf-relay', 'Signal=', 400],
    ['application/dtmf-relay', `${'x'.repeat(5000)}\nSignal=1`, 400],
    ['application/dtmf', 'hello', 400],
    ['application/xml', '<x/>', 415],
  ])('that are none: %s %.20j', async (type, text, status) => {
    const { call, request, statuses } = await inCall();
    await request('INFO', { body: [type, text] });
    expect(statuses('INFO')).toEqual([status]);
    expect(call.events).toEqual([]);
  });

  it('take an empty INFO for a question, and know no packages', async () => {
    const { request, statuses } = await inCall();
    await request('INFO');
    await request('INFO', { headers: [['Info-Package', 'foo']] });
    expect(statuses('INFO')).toEqual([200, 469]);
  });
});

describe('digits that we send', () => {
  it('go one after the other', async () => {
    const { call, answerNext, all } = await inCall();
    const sent = ['1', '#'].map((digit) => call.session.sendDigit({ digit, durationMs: 120 }));
    await answerNext('INFO', 200);
    await answerNext('INFO', 415);
    expect(await Promise.all(sent)).toEqual([true, false]);
    expect(all('INFO').map((info) => info.body.toString())).toEqual([
      'Signal=1\r\nDuration=120\r\n',
      'Signal=#\r\nDuration=120\r\n',
    ]);
    expect(all('INFO')[0]!.headers.get('Content-Type')).toBe('application/dtmf-relay');
  });

  it('end when the session does, and are limited', async () => {
    const { call, advance } = await inCall();
    const sent = Array.from({ length: 70 }, () => call.session.sendDigit({ digit: '1', durationMs: 1 }));
    call.session.end();
    await advance(40_000);
    expect(new Set(await Promise.all(sent))).toEqual(new Set([false]));
    await expect(call.session.sendDigit({ digit: '1', durationMs: 1 })).resolves.toBe(false);
  });

  it('must be digits', async () => {
    const { call } = await inCall();
    for (const digit of ['', '12', 'E', '\r']) {
      expect(() => call.session.sendDigit({ digit, durationMs: 1 })).toThrow(RangeError);
    }
  });
});

describe('a transfer that the peer asks for', () => {
  /** The peer of `out`'s call gets REFERs of `into`. */
  async function referred() {
    const two = twoStacks();
    const { out, into } = await two.established();
    const referrals: Referral[] = [];
    out.session.events.on('referred', (referral) => void referrals.push(referral));
    const progress: string[] = [];
    const refer = (referTo = '<sip:carol@example.com>') =>
      into.session.refer({ referTo, progress: (status, reason) => progress.push(`${status} ${reason}`) });
    return { ...two, out, into, referrals, progress, refer };
  }

  it('is told by NOTIFY how it goes', async () => {
    const { refer, referrals, progress, advance, wire, caller, callee } = await referred();
    const result = refer();
    await advance(10);
    expect(referrals[0]!.target.uri.user).toBe('carol');
    expect(referrals[0]!.replaces).toBeUndefined();
    referrals[0]!.progress(180);
    referrals[0]!.accept();
    await advance(20);
    referrals[0]!.progress(180);
    await advance(20);
    referrals[0]!.progress(200, 'Fine');
    referrals[0]!.progress(486);
    await advance(20);
    expect(progress).toEqual(['100 Trying', '180 Ringing', '200 Fine']);
    expect(await result).toEqual({ status: 200, reason: 'Fine' });
    expect(wire.named('NOTIFY').map(({ message }) => message.headers.get('Subscription-State'))).toEqual([
      'active;expires=300',
      'active;expires=300',
      'terminated;reason=noresource',
    ]);
    await advance(40_000);
    expect([caller.living, callee.living]).toEqual([
      [0, 0, 1, 0],
      [0, 0, 1, 0],
    ]);
  });

  it('goes on when the one who asked hangs up', async () => {
    const { refer, referrals, advance, out, into, caller, callee } = await referred();
    const result = refer();
    await advance(10);
    referrals[0]!.accept();
    await advance(20);
    into.session.end();
    await advance(20);
    expect(out.events).toEqual(['ended by peer 16 -']);
    expect([caller.dialogs.size, callee.dialogs.size]).toEqual([1, 1]);
    referrals[0]!.progress(200);
    await advance(20);
    expect(await result).toEqual({ status: 200, reason: 'OK' });
    expect([caller.dialogs.size, callee.dialogs.size]).toEqual([0, 0]);
  });

  it('to the far end of another call has its Replaces', async () => {
    const { refer, referrals, advance } = await referred();
    void refer('<sip:carol@example.com?Replaces=abc%3Bto-tag%3D1%3Bfrom-tag%3D2&Subject=hi>');
    await advance(10);
    expect(referrals[0]!.replaces).toEqual({ callId: 'abc', toTag: '1', fromTag: '2', earlyOnly: false });
    expect([...referrals[0]!.target.uri.headers]).toEqual([['subject', 'hi']]);
  });

  it('is refused', async () => {
    const { refer, referrals, advance, wire } = await referred();
    const result = refer();
    await advance(10);
    referrals[0]!.refuse();
    referrals[0]!.accept();
    await advance(20);
    expect(await result).toEqual({ status: 603, reason: 'Decline' });
    expect(wire.named('NOTIFY')).toHaveLength(0);
  });

  it('is refused when nobody here makes calls for others', async () => {
    const two = twoStacks();
    const { into } = await two.established();
    const result = into.session.refer({ referTo: '<sip:carol@example.com>' });
    await two.advance(20);
    expect((await result).status).toBe(603);
  });

  it.each<[string, [string, string][]]>([
    ['no Refer-To', []],
    ['two', [['Refer-To', '<sip:a@b>, <sip:c@d>']]],
    ['nonsense', [['Refer-To', '<<']]],
    ['a Replaces that is none', [['Refer-To', '<sip:a@b?Replaces=x>']]],
  ])('with %s is refused with 400', async (_, headers) => {
    const { call, request, statuses } = await inCall();
    call.session.events.on('referred', () => undefined);
    await request('REFER', { headers });
    expect(statuses('REFER')).toEqual([400]);
  });

  it('without reports when the peer wants none (RFC 4488)', async () => {
    const { call, request, lastResponse, all, advance } = await inCall();
    call.session.events.on('referred', (referral) => {
      referral.accept();
      referral.progress(200);
    });
    await request('REFER', {
      headers: [
        ['Refer-To', '<sip:a@b>'],
        ['Refer-Sub', 'false'],
        ['Require', 'norefersub'],
      ],
    });
    await advance(100);
    expect([lastResponse('REFER').status, lastResponse('REFER').headers.get('Refer-Sub')]).toEqual([202, 'false']);
    expect(all('NOTIFY')).toHaveLength(0);
  });

  it('has an id from the second on, and only the last of what happens at once is told', async () => {
    const { call, request, all, answerNext, answer } = await inCall();
    const referrals: Referral[] = [];
    call.session.events.on('referred', (referral) => {
      referrals.push(referral);
      referral.accept();
    });
    await request('REFER', { headers: [['Refer-To', '<sip:a@b>']] });
    await request('REFER', { headers: [['Refer-To', '<sip:c@d>']] });
    expect(all('NOTIFY').map((notify) => notify.headers.get('Event'))).toEqual(['refer', 'refer;id=2']);
    for (const status of [180, 183, 200]) referrals[1]!.progress(status);
    await answer(all('NOTIFY')[1]!, 200);
    expect(all('NOTIFY').at(-1)!.body.toString()).toBe('SIP/2.0 200 OK\r\n');
    expect(all('NOTIFY')).toHaveLength(3);
    await answerNext('NOTIFY', 200);
  });

  it('is renewed and ended by SUBSCRIBE', async () => {
    const { call, request, lastResponse, got, answerNext, statuses, advance } = await inCall();
    call.session.events.on('referred', (referral) => referral.accept());
    await request('REFER', { headers: [['Refer-To', '<sip:a@b>']] });
    await answerNext('NOTIFY', 200);
    const event: [string, string] = ['Event', 'refer'];
    await request('SUBSCRIBE', { headers: [['Event', 'refer;id=77']] });
    await request('SUBSCRIBE', { headers: [['Event', 'presence']] });
    expect(statuses('SUBSCRIBE')).toEqual([489, 489]);
    await request('SUBSCRIBE', { headers: [event, ['Expires', '60']] });
    expect([lastResponse('SUBSCRIBE').status, lastResponse('SUBSCRIBE').headers.get('Expires')]).toEqual([200, '60']);
    expect(got('NOTIFY').headers.get('Subscription-State')).toBe('active;expires=60');
    await answerNext('NOTIFY', 200);
    await request('SUBSCRIBE', { headers: [event, ['Expires', '0']] });
    await advance(20);
    expect(got('NOTIFY').headers.get('Subscription-State')).toBe('terminated;reason=timeout');
    await answerNext('NOTIFY', 200);
    expect(call.session.dialog!.hasRoom).toBe(true);
  });

  it('is forgotten when its owner never says how it went', async () => {
    const { call, request, got, answerNext, advance, stack } = await inCall();
    call.session.events.on('referred', (referral) => referral.accept());
    await request('REFER', { headers: [['Refer-To', '<sip:a@b>']] });
    await answerNext('NOTIFY', 200);
    await advance(301_000);
    expect(got('NOTIFY').headers.get('Subscription-State')).toBe('terminated;reason=timeout');
    await answerNext('NOTIFY', 200);
    await advance(40_000);
    expect(stack.living).toEqual([0, 0, 1, 0]);
  });

  it('tells no more when the peer refuses to hear it', async () => {
    const { call, request, answerNext, all, advance } = await inCall();
    const referrals: Referral[] = [];
    call.session.events.on('referred', (referral) => {
      referrals.push(referral);
      referral.accept();
    });
    await request('REFER', { headers: [['Refer-To', '<sip:a@b>']] });
    await answerNext('NOTIFY', 481);
    referrals[0]!.progress(200);
    await advance(100);
    expect(all('NOTIFY')).toHaveLength(1);
    expect(call.session.state).toBe('confirmed');
  });
});

describe('a transfer that we ask for', () => {
  const fragment = (text: string): { body: [string, string] } => ({ body: ['message/sipfrag;version=2.0', text] });
  const notify = (state: string): [string, string][] => [
    ['Event', 'refer'],
    ['Subscription-State', state],
  ];

  it('may be told of before it is accepted', async () => {
    const { call, next, request, answer, statuses } = await inCall();
    const progress: number[] = [];
    const result = call.session.refer({
      referTo: '<sip:carol@example.com>',
      referredBy: '<sip:us@example.com>',
      progress: (status) => progress.push(status),
    });
    const refer = await next('REFER');
    expect(refer.headers.get('Referred-By')).toBe('<sip:us@example.com>');
    expect(refer.headers.get('Contact')).toBe(`<sip:${A}>`);
    await request('NOTIFY', { headers: notify('active'), ...fragment('SIP/2.0 100 Trying\r\n') });
    await answer(refer, 202);
    await request('NOTIFY', { headers: notify('terminated;reason=noresource'), ...fragment('SIP/2.0 603 No\r\n') });
    expect(statuses('NOTIFY')).toEqual([200, 200]);
    expect(await result).toEqual({ status: 603, reason: 'No' });
    expect(progress).toEqual([100, 603]);
    await request('NOTIFY', { headers: notify('active'), ...fragment('SIP/2.0 200 OK\r\n') });
    expect(statuses('NOTIFY').at(-1)).toBe(481);
  });

  it('is told apart from another by its id', async () => {
    const { call, next, all, request, answer } = await inCall();
    const results = ['x', 'y'].map((user) => call.session.refer({ referTo: `<sip:${user}@example.com>` }));
    await next('REFER');
    for (const refer of all('REFER')) await answer(refer, 202);
    const [first, second] = all('REFER').map((refer) => refer.cseq.number);
    for (const [id, status] of [
      [second, 486],
      [first, 200],
    ]) {
      const headers: [string, string][] = [
        ['Event', `refer;id=${id}`],
        ['Subscription-State', 'terminated'],
      ];
      await request('NOTIFY', { headers, ...fragment(`SIP/2.0 ${status} X\r\n`) });
    }
    expect((await Promise.all(results)).map(({ status }) => status)).toEqual([200, 486]);
  });

  it('wants no reports when it says so', async () => {
    const { call, next, answer } = await inCall();
    const result = call.session.refer({ referTo: '<sip:carol@example.com>', notify: false });
    const refer = await next('REFER');
    expect([refer.headers.get('Refer-Sub'), refer.headers.get('Supported')]).toEqual(['false', 'norefersub']);
    await answer(refer, 202, { headers: [['Refer-Sub', 'false']] });
    expect((await result).status).toBe(202);
  });

  it.each<[string, string | undefined, [string, string][]]>([
    ['no sipfrag', undefined, notify('active')],
    ['nonsense', 'hello', notify('active')],
  ])('refuses a report with %s', async (_, text, headers) => {
    const { call, next, request, statuses } = await inCall();
    void call.session.refer({ referTo: '<sip:carol@example.com>' });
    await next('REFER');
    await request('NOTIFY', { headers, ...(text === undefined ? {} : fragment(text)) });
    expect(statuses('NOTIFY')).toEqual([400]);
  });

  it('ends without a word when reports do not come, or the session is gone', async () => {
    const { call, next, answer, advance, stack } = await inCall();
    const result = call.session.refer({ referTo: '<sip:carol@example.com>' });
    await answer(await next('REFER'), 202);
    await advance(301_000);
    expect((await result).status).toBe(408);
    call.session.end();
    expect((await call.session.refer({ referTo: '<sip:x@y>' })).status).toBe(481);
    await advance(80_000);
    expect(stack.living).toEqual([0, 0, 0, 0]);
  });

  it('is limited in number', async () => {
    const { call, advance, all } = await inCall();
    const results = Array.from({ length: 9 }, () => call.session.refer({ referTo: '<sip:x@y>' }));
    await advance(10);
    expect(all('REFER')).toHaveLength(7);
    expect((await results[8]!).status).toBe(481);
  });
});

describe('requests of the owner', () => {
  it('go in the dialog and come to the owner of the other end', async () => {
    const two = twoStacks();
    const { out } = await two.established();
    const sent = out.session.sendRequest('MESSAGE', [['Content-Type', 'text/plain']], Buffer.from('hello'));
    await two.advance(20);
    expect(await sent).toMatchObject({ response: { status: 405 } });
    const heard: string[] = [];
    two.callee.otherRequest = (transaction) => {
      heard.push(transaction.request.body.toString());
      transaction.respond(transaction.response(200));
      return true;
    };
    const again = out.session.sendRequest('MESSAGE', [['Content-Type', 'text/plain']], Buffer.from('hello'));
    await two.advance(20);
    expect(await again).toMatchObject({ response: { status: 200 } });
    expect(heard).toEqual(['hello']);
  });

  it('end the session when the peer does not know it (RFC 5057)', async () => {
    const { call, answerNext } = await inCall();
    const sent = call.session.sendRequest('INFO');
    await answerNext('INFO', 481);
    expect(await sent).toMatchObject({ response: { status: 481 } });
    expect(call.events).toEqual(['ended by fault 41 -']);
    expect(await call.session.sendRequest('INFO')).toEqual({ failure: 'ended' });
  });

  it('fail by themselves when they are not answered', async () => {
    const { call, advance } = await inCall();
    const sent = call.session.sendRequest('MESSAGE');
    await advance(33_000);
    expect(await sent).toEqual({ failure: 'timeout' });
    expect(call.session.state).toBe('confirmed');
  });
});

describe('causes', () => {
  it.each([
    [404, 1],
    [408, 102],
    [410, 22],
    [480, 18],
    [484, 28],
    [486, 17],
    [487, 16],
    [488, 88],
    [500, 41],
    [502, 38],
    [600, 17],
    [603, 21],
    [599, 127],
  ])('of status %i: %i', (status, cause) => {
    expect(causeOfStatus(status)).toBe(cause);
  });

  it.each([
    [1, 404],
    [16, 480],
    [17, 486],
    [18, 408],
    [21, 403],
    [28, 484],
    [34, 503],
    [88, 488],
    [102, 504],
    [127, 500],
    [99, 500],
  ])('%i as status: %i', (cause, status) => {
    expect(statusOfCause(cause)).toBe(status);
  });

  it('survive the way there and back where both tables have them', () => {
    for (const cause of [1, 17, 22, 28, 38, 41, 79, 88, 102]) {
      const back = causeOfStatus(statusOfCause(cause));
      // 503 stands for several.
      expect([cause, 41]).toContain(back);
    }
  });

  it('are read from Reason headers', () => {
    const message = (...reasons: string[]) =>
      newRequest({ method: 'BYE', uri: 'sip:x', headers: reasons.map((reason) => ['Reason', reason] as const) });
    expect(q850Cause(message('SIP;cause=200', 'q.850;cause=17'))).toBe(17);
    expect(q850Cause(message('SIP;cause=486;text="a,b", Q.850;cause=16'))).toBe(16);
    for (const reason of ['SIP;cause=200', 'Q.850', 'Q.850;cause=0', 'Q.850;cause=128', 'Q.850;cause=x']) {
      expect(q850Cause(message(reason))).toBeUndefined();
    }
    expect(parseReasons(message(q850Reason(31, 'x "y"')))).toEqual([{ protocol: 'Q.850', cause: 31, text: 'x "y"' }]);
  });
});

describe('sipfrag', () => {
  it('has one status line that nobody can break', () => {
    expect(formatSipfrag(486, 'Busy\r\nX: y').toString()).toBe('SIP/2.0 486 Busy  X: y\r\n');
    expect(parseSipfrag(formatSipfrag(200))).toEqual({ status: 200, reason: 'OK' });
    expect(parseSipfrag(Buffer.from('SIP/2.0 180'))).toEqual({ status: 180, reason: '' });
    for (const text of ['', 'SIP/2.0 99 x', 'SIP/2.0 700 x', 'HTTP/1.1 200 OK']) {
      expect(parseSipfrag(Buffer.from(text))).toBeUndefined();
    }
  });
});
