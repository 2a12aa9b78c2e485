// Transfers: REFER in both directions, and the reports of how they go (RFC 3515, RFC 4488).
import { describe, expect, it } from 'vitest';
import { formatSipfrag, parseSipfrag, type Referral } from '../../daemon/src/sip/dialog/index.js';
import { numbered } from '../support/sip-wire-calls.js';
import { A, twoStacks } from '../support/sip-wire-stack.js';

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
    const { call, request, statuses } = await numbered();
    call.session.events.on('referred', () => undefined);
    await request('REFER', { headers });
    expect(statuses('REFER')).toEqual([400]);
  });

  it('without reports when the peer wants none (RFC 4488)', async () => {
    const { call, request, lastResponse, all, advance } = await numbered();
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
    const { call, request, all, answerNext, answer, advance } = await numbered();
    const referrals: Referral[] = [];
    call.session.events.on('referred', (referral) => {
      referrals.push(referral);
      referral.accept();
    });
    await request('REFER', { headers: [['Refer-To', '<sip:a@b>']] });
    await request('REFER', { headers: [['Refer-To', '<sip:c@d>']] });
    expect(all('NOTIFY').map((notify) => notify.headers.get('Event'))).toEqual(['refer', 'refer;id=2']);
    for (const status of [180, 183]) referrals[1]!.progress(status);
    expect(all('NOTIFY')).toHaveLength(2);
    // The last is not waited with: BYE may follow at once.
    referrals[1]!.progress(200);
    call.session.end();
    await advance(10);
    expect(all('NOTIFY')).toHaveLength(3);
    expect(all('NOTIFY').at(-1)!.cseq.number).toBeLessThan(all('BYE')[0]!.cseq.number);
    await answer(all('NOTIFY')[1]!, 200);
    expect(all('NOTIFY').at(-1)!.body.toString()).toBe('SIP/2.0 200 OK\r\n');
    expect(all('NOTIFY')).toHaveLength(3);
    await answerNext('NOTIFY', 200);
  });

  it('is renewed and ended by SUBSCRIBE', async () => {
    const { call, request, lastResponse, got, answerNext, statuses, advance } = await numbered();
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
    const { call, request, got, answerNext, advance, stack } = await numbered();
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
    const { call, request, answerNext, all, advance } = await numbered();
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
    const { call, next, request, answer, statuses } = await numbered();
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
    const { call, next, all, request, answer } = await numbered();
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
    const { call, next, answer } = await numbered();
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
    const { call, next, request, statuses } = await numbered();
    void call.session.refer({ referTo: '<sip:carol@example.com>' });
    await next('REFER');
    await request('NOTIFY', { headers, ...(text === undefined ? {} : fragment(text)) });
    expect(statuses('NOTIFY')).toEqual([400]);
  });

  it('ends without a word when reports do not come, or the session is gone', async () => {
    const { call, next, answer, advance, stack } = await numbered();
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
    const { call, advance, all } = await numbered();
    const results = Array.from({ length: 9 }, () => call.session.refer({ referTo: '<sip:x@y>' }));
    await advance(10);
    expect(all('REFER')).toHaveLength(7);
    expect((await results[8]!).status).toBe(481);
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
