// Changes of a session in both directions, and glare (RFC 3261 clause 14, RFC 3311, RFC 6337).
import { describe, expect, it } from 'vitest';
import { inCall } from '../support/sip-wire-calls.js';
import { A, B, twoStacks } from '../support/sip-wire-stack.js';

describe('a re-INVITE of the peer', () => {
  it('is answered, and changes the session and the remote target', async () => {
    const { call, request, lastResponse, next } = await inCall();
    await request('INVITE', { sdp: 'hold', headers: [['Contact', `<sip:moved@${B}>`]] });
    expect(lastResponse('INVITE').status).toBe(200);
    expect(lastResponse('INVITE').body.toString()).toBe(call.media.local);
    expect(lastResponse('INVITE').headers.get('Contact')).toBe(`<sip:${A}>`);
    await request('ACK');
    expect(call.events).toEqual(['modified by peer']);
    expect(call.media.remote).toBe('hold');
    void call.session.sendDigit({ digit: '1', durationMs: 100 });
    expect((await next('INFO')).uriText).toBe(`sip:moved@${B}`);
  });

  it('without an offer gets ours, and its ACK the answer', async () => {
    const { call, request, lastResponse } = await inCall();
    await request('INVITE');
    expect(lastResponse('INVITE').body.toString()).toBe(`offer 2 of ${call.media.name}`);
    await request('INVITE', { cseq: 2, sdp: 'glare' });
    expect(lastResponse('INVITE').status).toBe(491);
    await request('ACK', { cseq: 1, sdp: 'their answer' });
    expect(call.media.log).toEqual(['answer: their answer']);
    expect(call.events).toEqual(['modified by peer']);
  });

  it('without an offer whose ACK has no answer leaves the session as it was', async () => {
    const { call, request } = await inCall();
    await request('INVITE');
    await request('ACK');
    expect(call.media.log).toEqual(['restored']);
    expect([call.media.local, call.media.remote]).toEqual([`offer 1 of ${call.media.name}`, 'peer answer']);
    expect(call.session.state).toBe('confirmed');
    await request('INVITE', { cseq: 2, sdp: 'again' });
    expect(call.media.remote).toBe('again');
  });

  it('that cannot be accepted is refused with 488, and nothing changes', async () => {
    const { call, request, statuses } = await inCall();
    call.media.refuses = () => true;
    await request('INVITE', { sdp: 'video' });
    expect(statuses('INVITE')).toEqual([488]);
    expect([call.media.remote, call.events]).toEqual(['peer answer', []]);
    call.media.refuses = () => false;
    await request('INVITE', { cseq: 2, sdp: 'audio' });
    expect(statuses('INVITE')).toEqual([488, 200]);
  });

  it('is refused with 500 and Retry-After while another waits for its answer (RFC 3261 14.2)', async () => {
    const { call, request, lastResponse, statuses, advance } = await inCall();
    let ready: (answer: Buffer) => void = () => undefined;
    call.media.answer = () => new Promise((resolve) => (ready = resolve));
    await request('INVITE', { sdp: 'first' });
    await request('INVITE', { cseq: 2, sdp: 'second' });
    expect(lastResponse('INVITE').status).toBe(500);
    expect(Number(lastResponse('INVITE').headers.get('Retry-After'))).toBeLessThanOrEqual(10);
    await request('UPDATE', { cseq: 3, sdp: 'third' });
    expect(statuses('UPDATE')).toEqual([500]);
    await request('UPDATE', { cseq: 4 });
    expect(statuses('UPDATE')).toEqual([500, 200]);
    ready(Buffer.from('yes'));
    await advance(10);
    expect(lastResponse('INVITE').status).toBe(200);
  });

  it('is cancelled', async () => {
    const { call, request, statuses, advance } = await inCall();
    let ready: (answer: Buffer) => void = () => undefined;
    call.media.answer = () => new Promise((resolve) => (ready = resolve));
    await request('INVITE', { sdp: 'x', branch: 'z9hG4bKre' });
    await request('CANCEL', { branch: 'z9hG4bKre' });
    ready(Buffer.from('too late'));
    await advance(10);
    expect(statuses('INVITE')).toEqual([487]);
    expect(call.media.log).toEqual(['restored']);
    expect(call.session.state).toBe('confirmed');
  });

  it('whose ACK never comes ends the session with BYE (RFC 3261 14.2)', async () => {
    const { call, request, all, advance } = await inCall();
    await request('INVITE', { sdp: 'x' });
    await advance(33_000);
    expect(call.events).toEqual(['modified by peer', 'ended by fault 102 -']);
    expect(all('BYE').length).toBeGreaterThan(0);
  });

  it.each<[string, Record<string, unknown>, number]>([
    ['an option that we do not have', { headers: [['Require', 'precondition']] }, 420],
    ['a body that we cannot read', { body: ['application/x', 'x'] }, 415],
    [
      'an interval that is too short',
      {
        headers: [
          ['Supported', 'timer'],
          ['Session-Expires', '10'],
        ],
      },
      422,
    ],
  ])('with %s is refused', async (_, parts, status) => {
    const { request, statuses } = await inCall();
    await request('INVITE', parts);
    expect(statuses('INVITE')).toEqual([status]);
  });

  it('gets 487 when the session ends first', async () => {
    const { call, request, statuses, advance } = await inCall();
    call.media.answer = () => new Promise(() => undefined);
    await request('INVITE', { sdp: 'x' });
    call.session.end();
    await advance(10);
    expect(statuses('INVITE')).toEqual([487]);
  });
});

describe('a new offer of ours', () => {
  it('goes in a re-INVITE, and the answer counts', async () => {
    const { call, answer, got, all, next } = await inCall();
    const done = call.session.reoffer();
    await answer(await next('INVITE'), 200, { sdp: 'new answer' });
    expect(await done).toEqual({ accepted: true });
    expect(all('ACK')).toHaveLength(1);
    expect([call.media.local, call.media.remote]).toEqual([`offer 2 of ${call.media.name}`, 'new answer']);
    expect(call.events).toEqual(['modified by us']);
    await answer(got('INVITE'), 200, { sdp: 'new answer' });
    expect(all('ACK')).toHaveLength(2);
    expect(call.events).toHaveLength(1);
  });

  it('learns from the 2xx where the peer is now (RFC 3261 12.2.1.2)', async () => {
    const { call, answer, next } = await inCall();
    void call.session.reoffer();
    await answer(await next('INVITE'), 200, { sdp: 'x', headers: [['Contact', `<sip:moved@${B}>`]] });
    call.session.end();
    expect((await next('BYE')).uriText).toBe(`sip:moved@${B}`);
  });

  it('that is refused leaves the session as it was', async () => {
    const { call, answer, next } = await inCall();
    const done = call.session.reoffer();
    await answer(await next('INVITE'), 488);
    expect(await done).toEqual({ accepted: false, status: 488 });
    expect(call.media.log).toEqual(['restored']);
    expect([call.media.local, call.media.remote]).toEqual([`offer 1 of ${call.media.name}`, 'peer answer']);
    expect(call.session.state).toBe('confirmed');
  });

  it('wanted twice before it goes is made once, and again when it is on its way', async () => {
    const { call, answer, all, next } = await inCall();
    const first = call.session.reoffer();
    const second = call.session.reoffer();
    const third = call.session.reoffer();
    expect(second).toBe(third);
    await answer(await next('INVITE'), 200, { sdp: 'one' });
    await first;
    await answer(await next('INVITE'), 200, { sdp: 'two' });
    expect(await second).toEqual({ accepted: true });
    expect(new Set(all('INVITE').map((one) => one.cseq.number)).size).toBe(2);
  });

  it('waits until the peer has done with its own', async () => {
    const { call, request, all, advance, answer, got } = await inCall();
    await request('INVITE', { sdp: 'theirs' });
    const done = call.session.reoffer();
    await advance(2000);
    expect(all('INVITE')).toHaveLength(0);
    await request('ACK');
    await answer(got('INVITE'), 200, { sdp: 'x' });
    expect(await done).toEqual({ accepted: true });
  });

  it('waits until we have answered the offer in an UPDATE', async () => {
    const { call, request, all, next, answer, advance } = await inCall();
    let ready: (answer: Buffer) => void = () => undefined;
    call.media.answer = () => new Promise((resolve) => (ready = resolve));
    await request('UPDATE', { sdp: 'theirs' });
    const done = call.session.reoffer();
    await advance(1000);
    expect(all('INVITE')).toHaveLength(0);
    ready(Buffer.from('ours'));
    await answer(await next('INVITE'), 200, { sdp: 'x' });
    expect(await done).toEqual({ accepted: true });
  });

  it.each([481, 408])('that is answered %i ends the session with BYE (RFC 3261 12.2.1.2)', async (status) => {
    const { call, answer, all, next } = await inCall();
    void call.session.reoffer();
    await answer(await next('INVITE'), status);
    expect(all('BYE')).toHaveLength(1);
    expect(call.events).toEqual([`ended by fault ${status === 481 ? 41 : 102} -`]);
  });

  it('that is not answered ends the session with BYE', async () => {
    const { call, all, advance } = await inCall();
    const done = call.session.reoffer();
    await advance(33_000);
    expect(await done).toEqual({ accepted: false, status: undefined });
    expect(all('BYE').length).toBeGreaterThan(0);
    expect(call.events).toEqual(['ended by fault 102 -']);
  });

  it('that is answered 404 ends the dialog without another word (RFC 5057 5.1)', async () => {
    const { call, answer, all, stack, next } = await inCall();
    void call.session.reoffer();
    await answer(await next('INVITE'), 404);
    expect(all('BYE')).toHaveLength(0);
    expect(call.events).toEqual(['ended by fault 1 404']);
    expect(stack.dialogs.size).toBe(0);
  });

  it('whose answer is missing leaves the session as it was', async () => {
    const { call, answer, next } = await inCall();
    const done = call.session.reoffer();
    await answer(await next('INVITE'), 200);
    expect(await done).toEqual({ accepted: false, status: 200 });
    expect(call.media.log).toEqual(['restored']);
  });

  it('acknowledges provisional answers that want it', async () => {
    const { call, answer, got, next } = await inCall();
    void call.session.reoffer();
    await answer(await next('INVITE'), 183, {
      headers: [
        ['Require', '100rel'],
        ['RSeq', '3'],
      ],
    });
    expect(got('PRACK').headers.get('RAck')).toBe('3 2 INVITE');
  });

  it('is acknowledged even when the session has ended meanwhile', async () => {
    const { call, answer, all, next } = await inCall();
    const done = call.session.reoffer();
    const invite = await next('INVITE');
    call.session.end();
    await answer(invite, 200, { sdp: 'x' });
    expect(all('ACK')).toHaveLength(1);
    expect(await done).toEqual({ accepted: false, status: undefined });
  });

  it('that comes too soon for the peer is made again after Retry-After', async () => {
    const { call, answer, got, all, advance, next } = await inCall();
    const done = call.session.reoffer();
    await answer(await next('INVITE'), 500, { headers: [['Retry-After', '3']] });
    await advance(2900);
    expect(all('INVITE')).toHaveLength(1);
    await advance(200);
    await answer(got('INVITE'), 200, { sdp: 'x' });
    expect(await done).toEqual({ accepted: true });
  });
});

describe('glare', () => {
  it('is refused with 491 in either direction, and each side tries again at its own time (RFC 3261 14.1)', async () => {
    const two = twoStacks();
    const { out, into } = await two.established();
    const both = Promise.all([out.session.reoffer(), into.session.reoffer()]);
    await two.advance(1);
    await two.advance(10_000);
    expect(await both).toEqual([{ accepted: true }, { accepted: true }]);
    expect(two.wire.named('491 INVITE')).toHaveLength(2);
    const again = two.wire.named('INVITE').slice(2);
    const at = (host: string): number => again.find((packet) => packet.from === host)!.sentMs - again[0]!.sentMs;
    expect(again).toHaveLength(2);
    // The callee waits up to 2 s, the one who made the Call-ID longer.
    expect([at(B), at(A) > 0]).toEqual([0, true]);
    expect([out.media.local, out.media.remote]).toEqual([into.media.remote, into.media.local]);
    expect(two.caller.dialogs.context.counters.glares + two.callee.dialogs.context.counters.glares).toBe(4);
  });

  it('waits 2.1 to 4 s, or 0 to 2 s for the one who did not make the Call-ID', async () => {
    const waits: number[] = [];
    for (let i = 0; i < 20; i++) {
      const { call, answer, all, advance, clock, wire, next } = await inCall({ stack: {} });
      for (let skip = 0; skip < i; skip++) call.session.dialog!.context.random.below(10);
      void call.session.reoffer();
      await answer(await next('INVITE'), 491);
      const from = clock.monotonicMs() - 5;
      await advance(5000);
      waits.push(wire.named('INVITE', A).find((packet) => packet.message.cseq.number === 3)!.sentMs - from);
      expect(all('INVITE').length).toBeGreaterThan(1);
    }
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(2090);
    expect(Math.max(...waits)).toBeLessThanOrEqual(4020);
    expect(new Set(waits).size).toBeGreaterThan(5);
  });

  it('between UPDATE and re-INVITE is seen too', async () => {
    const { call, request, statuses, answer, next } = await inCall();
    const done = call.session.reoffer();
    const invite = await next('INVITE');
    await request('UPDATE', { sdp: 'theirs' });
    await request('INVITE', { cseq: 2 });
    expect([statuses('UPDATE'), statuses('INVITE')]).toEqual([[491], [491]]);
    await answer(invite, 200, { sdp: 'x' });
    expect(await done).toEqual({ accepted: true });
  });

  it('is given up after a few tries', async () => {
    const { call, answer, advance, next } = await inCall();
    const done = call.session.reoffer();
    for (let i = 0; i < 5; i++) {
      await answer(await next('INVITE'), 491);
      await advance(5000);
    }
    expect(await done).toEqual({ accepted: false, status: 491 });
    expect(call.session.state).toBe('confirmed');
  });
});

describe('an early session of ours', () => {
  it('is changed by UPDATE once early media is agreed', async () => {
    const two = twoStacks('udp', {}, {});
    const out = two.caller.call(B);
    await two.advance(20);
    const into = two.callee.incoming[0]!;
    await into.session.progress();
    await two.advance(40);
    const done = into.session.reoffer();
    await two.advance(40);
    expect(await done).toEqual({ accepted: true });
    expect(two.wire.named('UPDATE', B)).toHaveLength(1);
    expect([out.media.local, out.media.remote]).toEqual([into.media.remote, into.media.local]);
    await into.session.answer();
    await two.advance(40);
    expect(out.events).toEqual(['progress 183 media', 'modified by peer', 'answered']);
    expect([out.media.local, out.media.remote]).toEqual([into.media.remote, into.media.local]);
  });

  it('waits for the answer when the peer takes no UPDATE', async () => {
    const { advance, caller, callee, wire } = twoStacks('udp', { settings: { allow: 'INVITE, ACK, BYE, PRACK' } });
    caller.call(B);
    await advance(20);
    const into = callee.incoming[0]!;
    await into.session.progress();
    await advance(40);
    const done = into.session.reoffer();
    await advance(1000);
    expect(wire.named('UPDATE')).toHaveLength(0);
    await into.session.answer();
    await advance(100);
    expect(await done).toEqual({ accepted: true });
    expect(wire.named('INVITE', B)).toHaveLength(1);
  });
});
