// Calls that come in: what we answer to an INVITE, and what becomes of it (RFC 3261 13.3).
import { describe, expect, it } from 'vitest';
import { invited, sentAt } from '../support/sip-wire-calls.js';
import { A, B, stackAndPeer } from '../support/sip-wire-stack.js';

describe('an INVITE that makes no session', () => {
  it.each<[string, [string, string][], number, [string, string]]>([
    ['requires what we do not know', [['Require', 'timer, precondition']], 420, ['Unsupported', 'precondition']],
    [
      'wants to be refreshed too often',
      [
        ['Supported', 'timer'],
        ['Session-Expires', '30'],
      ],
      422,
      ['Min-SE', '90'],
    ],
  ])('because it %s', async (_, headers, status, [name, value]) => {
    const { stack, lastResponse, advance } = await invited({ headers });
    expect(stack.incoming).toHaveLength(0);
    expect(lastResponse('INVITE').status).toBe(status);
    expect(lastResponse('INVITE').headers.get(name)).toBe(value);
    await advance(40_000);
    expect(stack.living).toEqual([0, 0, 0, 0]);
  });

  it('because it holds a body that we cannot read', async () => {
    const bench = stackAndPeer();
    await bench.request('INVITE', { body: ['application/isup', 'x'] });
    expect(bench.statuses('INVITE')).toEqual([415]);
    expect(bench.lastResponse('INVITE').headers.get('Accept')).toBe('application/sdp');
    await bench.request('INVITE', {
      callId: 'other',
      body: ['application/isup', 'x'],
      headers: [['Content-Disposition', 'signal;handling=optional']],
    });
    expect(bench.stack.incoming).toHaveLength(1);
  });

  it('because it says not where its sender is, or came by too many proxies', async () => {
    const { stack, lastResponse } = await invited({
      headers: Array.from({ length: 21 }, (_, i) => ['Record-Route', `<sip:p${i}.example.com;lr>`]),
    });
    expect([stack.incoming.length, lastResponse('INVITE').status, stack.dialogs.size]).toEqual([0, 503, 0]);
    const bench = stackAndPeer();
    bench.peer.sendText(
      `INVITE sip:us@${A} SIP/2.0\nVia: SIP/2.0/UDP ${B};branch=z9hG4bKx;rport\nFrom: <sip:a@${B}>;tag=1\n` +
        `To: <sip:us@${A}>\nCall-ID: x\nCSeq: 1 INVITE\nContact: <tel:+1555>\nContent-Length: 0\n\n`,
      A,
    );
    await bench.advance(10);
    expect(bench.statuses('INVITE')).toEqual([400]);
  });

  it('because there are too many dialogs', async () => {
    const { lastResponse, stack } = await invited({}, { limits: { dialogs: 0 } });
    expect([lastResponse('INVITE').status, stack.incoming.length]).toEqual([503, 0]);
  });
});

describe('a call that comes in', () => {
  it('is rung and answered, each answer with the same tag and our Contact', async () => {
    const { call, peer, ack, stack, advance } = await invited();
    call.session.ring();
    await call.session.answer();
    await advance(10);
    await ack();
    const answers = peer.received.filter((message) => message.kind === 'response');
    expect(answers.map(({ status }) => status)).toEqual([180, 200]);
    expect(new Set(answers.map(({ toTag }) => toTag)).size).toBe(1);
    expect(answers[1]!.headers.get('Contact')).toBe(`<sip:${A}>`);
    expect(answers[1]!.headers.get('Allow')).toContain('UPDATE');
    expect(answers[1]!.body.toString()).toBe(call.media.local);
    expect(answers[0]!.body).toHaveLength(0);
    expect([call.media.remote, call.session.state]).toEqual(['peer offer', 'confirmed']);
    expect(call.events).toEqual(['answered', 'confirmed']);
    expect(stack.dialogs.size).toBe(1);
  });

  it('is answered once', async () => {
    const { call, peer, advance } = await invited();
    const answers = await Promise.all([call.session.answer(), call.session.answer()]);
    await advance(10);
    expect(answers).toEqual([true, false]);
    expect(peer.received.filter((one) => one.kind === 'response')).toHaveLength(1);
    expect(await call.session.progress()).toBe(false);
    call.session.ring();
    await advance(10);
    expect(peer.received).toHaveLength(1);
  });

  it('is refused with the status of its cause, which the answer names too', async () => {
    const { call, lastResponse, stack, ack, advance } = await invited();
    call.session.end({ cause: 17, text: 'busy' });
    await advance(10);
    expect(lastResponse('INVITE').status).toBe(486);
    expect(lastResponse('INVITE').headers.get('Reason')).toBe('Q.850;cause=17;text="busy"');
    expect(call.events).toEqual(['ended by us 17 486']);
    expect(stack.dialogs.size).toBe(0);
    await ack();
    await advance(40_000);
    expect(stack.living).toEqual([0, 0, 0, 0]);
  });

  it('is refused with a status and headers of the owner, such as those that redirect', async () => {
    const { call, lastResponse, advance } = await invited();
    call.session.end({ status: 302, headers: [['Contact', '<sip:other@example.com>']] });
    await advance(10);
    expect(lastResponse('INVITE').status).toBe(302);
    expect(lastResponse('INVITE').headers.get('Contact')).toBe('<sip:other@example.com>');
  });

  it('is refused with 488 when its offer cannot be answered', async () => {
    const { call, statuses, advance, stack } = await invited();
    call.media.refuses = () => true;
    expect(await call.session.answer()).toBe(false);
    await advance(10);
    expect(statuses('INVITE')).toEqual([488]);
    expect(call.events).toEqual(['ended by fault 88 488']);
    expect(stack.dialogs.size).toBe(0);
  });

  it('is cancelled: 487, and the cause that the CANCEL names', async () => {
    const { call, request, statuses, advance, stack } = await invited();
    call.session.ring();
    await request('CANCEL', {
      branch: 'z9hG4bKinvite',
      headers: [['Reason', 'SIP;cause=200;text="Call completed elsewhere"']],
    });
    expect(statuses('INVITE')).toEqual([180, 487]);
    expect(statuses('CANCEL')).toEqual([200]);
    expect(call.events).toEqual(['ended by peer 16 487']);
    expect(call.session.ended?.reasons).toEqual([{ protocol: 'SIP', cause: 200, text: 'Call completed elsewhere' }]);
    expect(await call.session.answer()).toBe(false);
    call.session.end();
    await advance(40_000);
    expect(call.events).toHaveLength(1);
    expect(stack.living).toEqual([0, 0, 0, 0]);
  });

  it('may have been cancelled before anybody looked at it', async () => {
    const bench = stackAndPeer();
    bench.stack.held = [];
    await bench.request('INVITE', { sdp: 'x', branch: 'z9hG4bKinvite' });
    await bench.request('CANCEL', { branch: 'z9hG4bKinvite' });
    bench.stack.invited(bench.stack.held[0]!);
    const [call] = bench.stack.incoming;
    await bench.advance(10);
    expect(call!.events).toEqual(['ended by peer 16 487']);
    expect(bench.statuses('INVITE')).toEqual([487]);
  });

  it('is cancelled while its answer is being made', async () => {
    const { call, request, statuses, advance } = await invited();
    let made: (answer: Buffer) => void = () => undefined;
    call.media.answer = () => new Promise((resolve) => (made = resolve));
    const answered = call.session.answer();
    await request('CANCEL', { branch: 'z9hG4bKinvite' });
    made(Buffer.from('too late'));
    expect(await answered).toBe(false);
    await advance(10);
    expect(statuses('INVITE')).toEqual([487]);
  });

  it('is not cancelled any more when it is answered', async () => {
    const { call, request, statuses, ack } = await invited();
    await call.session.answer();
    await request('CANCEL', { branch: 'z9hG4bKinvite' });
    await ack();
    expect(statuses('CANCEL')).toEqual([200]);
    expect(call.events).toEqual(['answered', 'confirmed']);
  });

  it('runs out when its Expires says so', async () => {
    const { call, statuses, advance } = await invited({ headers: [['Expires', '20']] });
    await advance(19_000);
    expect(statuses('INVITE')).toEqual([100]);
    await advance(1500);
    expect(statuses('INVITE')).toEqual([100, 487]);
    expect(call.events).toEqual(['ended by fault 102 487']);
  });

  it('lets a call that was answered in time live on', async () => {
    const { call, ack, advance } = await invited({ headers: [['Expires', '20']] });
    await call.session.answer();
    await ack();
    await advance(60_000);
    expect(call.session.state).toBe('confirmed');
  });

  it('tells proxies every minute that it still rings', async () => {
    const bench = await invited();
    bench.call.session.ring();
    await bench.advance(125_000);
    expect(sentAt(bench, '180 INVITE').map((ms) => Math.round(ms / 1000))).toEqual([0, 60, 120]);
  });

  it('ends when the peer sends BYE before it is answered', async () => {
    const { call, inDialog, statuses, stack } = await invited();
    call.session.ring();
    await inDialog('BYE');
    expect(statuses('BYE')).toEqual([200]);
    expect(statuses('INVITE')).toEqual([180, 487]);
    expect(call.events).toEqual(['ended by peer 16 -']);
    expect(stack.dialogs.size).toBe(0);
  });
});

describe('a 2xx', () => {
  it('is sent again until its ACK comes, over connections too', async () => {
    const bench = await invited();
    await bench.call.session.answer();
    await bench.advance(13_000);
    await bench.ack();
    await bench.advance(60_000);
    expect(sentAt(bench, '200 INVITE')).toEqual([10, 510, 1510, 3510, 7510, 11510]);
    expect(bench.call.events).toEqual(['answered', 'confirmed']);
    expect(bench.stack.living).toEqual([0, 0, 1, 0]);
  });

  it('without an ACK ends the session with BYE after 64*T1', async () => {
    const { call, all, answer, advance, stack } = await invited();
    await call.session.answer();
    await advance(31_900);
    expect(all('BYE')).toHaveLength(0);
    await advance(300);
    expect(call.events).toEqual(['answered', 'ended by fault 102 -']);
    const [bye] = all('BYE');
    expect(bye!.headers.get('Reason')).toBe('Q.850;cause=102;text="no ACK"');
    await answer(bye!, 200);
    await advance(40_000);
    expect(stack.living).toEqual([0, 0, 0, 0]);
    expect(stack.dialogs.context.counters.unacknowledged).toBe(1);
  });

  it('must be acknowledged before our BYE may go', async () => {
    const { call, all, ack, advance } = await invited();
    await call.session.answer();
    call.session.end({ cause: 31 });
    await advance(5000);
    expect(call.events).toEqual(['answered', 'ended by us 31 -']);
    expect(all('BYE')).toHaveLength(0);
    await ack();
    expect(all('BYE').map((bye) => bye.headers.get('Reason'))).toEqual(['Q.850;cause=31']);
    expect(call.events).toHaveLength(2);
  });

  it('is followed by BYE in the end when the ACK never comes', async () => {
    const { call, all, advance } = await invited();
    await call.session.answer();
    call.session.end();
    await advance(33_000);
    expect(all('BYE').length).toBeGreaterThan(0);
  });

  it('and our BYE that waited are forgotten when the peer hangs up first', async () => {
    const { call, all, inDialog, statuses, advance, stack } = await invited();
    await call.session.answer();
    call.session.end();
    await advance(10);
    await inDialog('BYE');
    expect(statuses('BYE')).toEqual([200]);
    await advance(40_000);
    expect(statuses('INVITE')).toEqual([200]);
    expect(all('BYE')).toHaveLength(0);
    expect(stack.living).toEqual([0, 0, 0, 0]);
  });
});

describe('an INVITE without an offer', () => {
  it('gets ours in the 2xx, and the answer comes in the ACK', async () => {
    const { call, lastResponse, ack, advance } = await invited({ sdp: undefined });
    call.session.ring();
    await call.session.progress();
    await call.session.answer();
    await advance(10);
    expect(lastResponse('INVITE').body.toString()).toMatch(/^offer 1/);
    await ack('peer answer');
    expect(call.media.log).toEqual(['answer: peer answer']);
    expect(call.events).toEqual(['answered', 'confirmed']);
  });

  it('lets nothing be offered before the ACK', async () => {
    const { call, inDialog, statuses, ack } = await invited({ sdp: undefined });
    await call.session.answer();
    await inDialog('UPDATE', { cseq: 2, sdp: 'too early' });
    await inDialog('INVITE', { cseq: 3, sdp: 'too early' });
    expect([statuses('UPDATE'), statuses('INVITE')]).toEqual([[491], [200, 491]]);
    await ack('peer answer');
    await inDialog('UPDATE', { cseq: 4, sdp: 'now' });
    expect(statuses('UPDATE')).toEqual([491, 200]);
  });

  it('lets nothing be offered in its early dialog', async () => {
    const { call, inDialog, statuses, lastResponse } = await invited({ sdp: undefined });
    call.session.ring();
    await inDialog('UPDATE', { cseq: 2, sdp: 'too early' });
    await inDialog('INVITE', { cseq: 3, sdp: 'too early' });
    await inDialog('UPDATE', {
      cseq: 4,
      headers: [
        ['Supported', 'timer'],
        ['Session-Expires', '100'],
      ],
    });
    expect(statuses('UPDATE')).toEqual([500, 200]);
    expect(statuses('INVITE')).toEqual([180, 500]);
    // How long the session lasts is for the 2xx of the INVITE to say.
    expect(lastResponse('UPDATE').headers.has('Session-Expires')).toBe(false);
    expect(call.session.sessionTimer.intervalS).toBe(0);
  });

  it('ends with BYE when the ACK has no answer', async () => {
    const { call, ack, all, stack } = await invited({ sdp: undefined });
    await call.session.answer();
    await ack();
    expect(call.events).toEqual(['answered', 'ended by fault 111 -']);
    expect(all('BYE')).toHaveLength(1);
    expect(stack.dialogs.context.counters.brokenExchanges).toBe(1);
  });

  it('fails when we have no offer to make', async () => {
    const { call, statuses, advance } = await invited({ sdp: undefined });
    call.media.offer = () => {
      throw new Error('no ports left');
    };
    expect(await call.session.answer()).toBe(false);
    await advance(10);
    expect(statuses('INVITE')).toEqual([500]);
  });
});
