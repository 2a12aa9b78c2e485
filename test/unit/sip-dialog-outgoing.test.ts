// Calls that go out: answers and the lack of them, forks, reliable provisional answers, races with CANCEL (RFC 3261 13.2, 3262).
import { describe, expect, it } from 'vitest';
import { calling, reliably } from '../support/sip-wire-calls.js';
import { A, B, stackAndPeer } from '../support/sip-wire-stack.js';

describe('an INVITE of ours', () => {
  it('says who calls whom, what we can do, and what we offer', async () => {
    const { invite, call } = await calling({
      routes: ['<sip:192.0.2.2;lr>'],
      headers: [['P-Asserted-Identity', '<sip:us@example.com>']],
      requireReliable: true,
    });
    const { headers } = invite;
    expect(invite.uriText).toBe(`sip:someone@${B}`);
    expect(headers.get('Route')).toBe('<sip:192.0.2.2;lr>');
    expect(headers.get('From')).toBe(`<sip:us@${A}>;tag=${call.session.localTag}`);
    expect(headers.get('To')).toBe(`<sip:someone@${B}>`);
    expect(headers.get('Contact')).toBe(`<sip:${A}>`);
    expect(headers.get('Supported')).toBe('100rel, timer, replaces, norefersub');
    expect(headers.get('Require')).toBe('100rel');
    expect(headers.get('P-Asserted-Identity')).toBe('<sip:us@example.com>');
    expect(headers.get('Content-Type')).toBe('application/sdp');
    expect(invite.body.toString()).toBe(`offer 1 of ${call.media.name}`);
  });

  it('is not sent when there is nothing to offer', async () => {
    const bench = stackAndPeer();
    const call = bench.stack.call(B, {
      media: {
        offer: () => Promise.reject(new Error('no ports left')),
        answer: () => undefined,
        answered: () => undefined,
        decline: (offer) => offer,
      },
    });
    await bench.advance(10);
    expect(call.events).toEqual(['ended by fault 41 -']);
    expect(bench.wire.packets).toHaveLength(0);
  });

  it('is not sent when it is given up at once', async () => {
    const bench = stackAndPeer();
    const call = bench.stack.call(B);
    call.session.end();
    await bench.advance(10);
    expect(call.events).toEqual(['ended by us 16 -']);
    expect(bench.wire.packets).toHaveLength(0);
    expect(bench.stack.living).toEqual([0, 0, 0, 0]);
  });

  it('that nobody answers fails after 64*T1', async () => {
    const { call, advance, stack } = await calling();
    await advance(33_000);
    expect(call.events).toEqual(['ended by fault 102 408']);
    expect(stack.living).toEqual([0, 0, 0, 0]);
  });

  it.each([
    [486, 17],
    [404, 1],
    [603, 21],
    [503, 41],
  ])('that is refused with %i ends with cause %i', async (status, cause) => {
    const { call, answer, invite, advance, stack } = await calling();
    await answer(invite, 180);
    await answer(invite, status);
    expect(call.events).toEqual(['progress 180', `ended by peer ${cause} ${status}`]);
    await advance(40_000);
    expect(stack.living).toEqual([0, 0, 0, 0]);
  });

  it('that is refused with a Reason ends with the cause in it', async () => {
    const { call, answer, invite } = await calling();
    await answer(invite, 480, { headers: [['Reason', 'SIP;cause=480, Q.850 ;cause=31;text="x,y"']] });
    expect(call.events).toEqual(['ended by peer 31 480']);
    expect(call.session.ended?.reasons[1]?.text).toBe('x,y');
  });

  it('that is redirected ends with where else to try', async () => {
    const { call, answer, invite } = await calling();
    await answer(invite, 302, { headers: [['Contact', '<sip:one@example.com>, <sip:two@example.com>;q=0.5']] });
    expect(call.session.ended?.contacts.map(({ uri }) => uri.user)).toEqual(['one', 'two']);
    expect(call.events).toEqual(['ended by peer 127 302']);
  });
});

describe('an answered call', () => {
  it('is acknowledged to the Contact of the 2xx along its route set, each time it comes', async () => {
    const { call, answer, invite, all, advance } = await calling();
    const headers: [string, string][] = [
      ['Contact', `<sip:phone@${B};ob>`],
      ['Record-Route', '<sip:192.0.2.2;lr;far=1>, <sip:192.0.2.2;lr;near=1>'],
    ];
    await answer(invite, 200, { sdp: 'peer answer', headers });
    await answer(invite, 200, { sdp: 'peer answer', headers });
    const acks = all('ACK');
    expect(acks).toHaveLength(2);
    expect(acks[0]!.headers.get('Via')).toBe(acks[1]!.headers.get('Via'));
    expect(acks[0]!.headers.get('Via')).not.toBe(invite.headers.get('Via'));
    expect(acks[0]!.uriText).toBe(`sip:phone@${B};ob`);
    expect(acks[0]!.headers.list('Route')).toEqual(['<sip:192.0.2.2;lr;near=1>', '<sip:192.0.2.2;lr;far=1>']);
    expect(acks[0]!.cseq).toEqual({ number: 1, method: 'ACK' });
    expect(call.media.log).toEqual(['answer: peer answer']);
    expect(call.events).toEqual(['answered']);
    await advance(40_000);
    expect(call.session.state).toBe('confirmed');
  });

  it('takes the route set of the 2xx, not that of the ringing before it (RFC 3261 13.2.2.4)', async () => {
    const { answer, invite, got } = await calling();
    await answer(invite, 180, { headers: [['Record-Route', '<sip:192.0.2.2;lr;early=1>']] });
    await answer(invite, 200, { sdp: 'x', headers: [['Record-Route', '<sip:192.0.2.2;lr;final=1>']] });
    expect(got('ACK').headers.list('Route')).toEqual(['<sip:192.0.2.2;lr;final=1>']);
  });

  it('without a description is acknowledged and ended', async () => {
    const { call, answer, invite, all } = await calling();
    await answer(invite, 200);
    expect([all('ACK').length, all('BYE').length]).toEqual([1, 1]);
    expect(call.events).toEqual(['ended by fault 88 -']);
  });

  it('without a description counts as answered when the ringing had one', async () => {
    const { call, answer, invite } = await calling();
    await answer(invite, 183, { sdp: 'early answer' });
    await answer(invite, 200);
    expect(call.media.log).toEqual(['preview: early answer']);
    expect(call.events).toEqual(['progress 183 media', 'answered']);
  });

  it('whose description cannot be used is ended', async () => {
    const { call, answer, invite, all } = await calling();
    call.media.answered = () => {
      throw new Error('no codec');
    };
    await answer(invite, 200, { sdp: 'x' });
    expect([all('ACK').length, all('BYE').length]).toEqual([1, 1]);
    expect(call.events).toEqual(['ended by fault 88 -']);
  });
});

describe('a call without an offer', () => {
  it('answers the offer of the 2xx in its ACK', async () => {
    const { call, answer, invite, got } = await calling({ lateOffer: true });
    expect(invite.body).toHaveLength(0);
    await answer(invite, 180);
    await answer(invite, 200, { sdp: 'peer offer' });
    expect(got('ACK').body.toString()).toBe(`answer 1 of ${call.media.name}`);
    expect(call.events).toEqual(['progress 180', 'answered']);
  });

  it('answers the offer of a reliable 183 in its PRACK', async () => {
    const { call, answer, invite, got } = await calling({ lateOffer: true });
    await answer(invite, 183, { sdp: 'peer offer', headers: reliably(7) });
    expect(got('PRACK').body.toString()).toBe(`answer 1 of ${call.media.name}`);
    await answer(got('PRACK'), 200);
    await answer(invite, 200);
    expect(got('ACK').body).toHaveLength(0);
    expect(call.events).toEqual(['progress 183 media', 'answered']);
  });

  it('declines in the ACK what it cannot take, then sends BYE (RFC 3261 13.2.2.4)', async () => {
    const { call, answer, invite, got, wire } = await calling({ lateOffer: true });
    call.media.refuses = () => true;
    await answer(invite, 200, { sdp: 'peer offer' });
    expect(got('ACK').body.toString()).toBe(`nothing from ${call.media.name}`);
    expect(wire.names.slice(-2)).toEqual([`${A}>${B} ACK`, `${A}>${B} BYE`]);
    expect(call.events).toEqual(['ended by fault 88 -']);
  });

  it('declines in the PRACK what it cannot take, and gives up', async () => {
    const { call, answer, invite, got, all } = await calling({ lateOffer: true });
    call.media.refuses = () => true;
    await answer(invite, 183, { sdp: 'peer offer', headers: reliably(7) });
    expect(got('PRACK').body.toString()).toBe(`nothing from ${call.media.name}`);
    expect(all('CANCEL')).toHaveLength(1);
    expect(call.events).toEqual(['ended by us 88 -']);
  });

  it('may be changed as soon as it is agreed', async () => {
    const { call, answer, invite, next, all } = await calling({ lateOffer: true });
    let ready: (answer: Buffer) => void = () => undefined;
    call.media.answer = () => new Promise((resolve) => (ready = resolve));
    await answer(invite, 200, { sdp: 'peer offer' });
    const done = call.session.reoffer();
    ready(Buffer.from('ours'));
    await answer(await next('INVITE'), 200, { sdp: 'x' });
    expect(await done).toEqual({ accepted: true });
    expect(all('ACK').map((ack) => ack.cseq.number)).toEqual([1, 2]);
  });

  it('takes no INVITE of the peer in its early dialog', async () => {
    const { answer, invite, request, statuses } = await calling({ lateOffer: true });
    await answer(invite, 180);
    const dialog = { callId: invite.callId, to: invite.headers.get('From')!, from: `<sip:someone@${B}>;tag=peer` };
    await request('INVITE', { ...dialog, sdp: 'x' });
    expect(statuses('INVITE')).toEqual([491]);
  });

  it('sends its ACK when the answer is ready, however often the 2xx comes meanwhile', async () => {
    const { call, answer, invite, all, advance } = await calling({ lateOffer: true });
    let ready: (answer: Buffer) => void = () => undefined;
    call.media.answer = () => new Promise((resolve) => (ready = resolve));
    await answer(invite, 200, { sdp: 'peer offer' });
    await answer(invite, 200, { sdp: 'peer offer' });
    expect(all('ACK')).toHaveLength(0);
    ready(Buffer.from('at last'));
    await advance(10);
    expect(all('ACK').map((ack) => ack.body.toString())).toEqual(['at last']);
    expect(call.events).toEqual(['answered']);
  });
});

describe('reliable provisional answers', () => {
  it('are acknowledged in their order, each once (RFC 3262 clause 4)', async () => {
    const { call, answer, invite, all, advance } = await calling();
    await answer(invite, 183, { sdp: 'early', headers: reliably(100) });
    await answer(invite, 183, { sdp: 'early', headers: reliably(100) });
    await answer(invite, 180, { headers: reliably(102) });
    await answer(invite, 180, { headers: reliably(101) });
    await answer(invite, 182, { headers: reliably(102) });
    await advance(10);
    const racks = new Set(all('PRACK').map((prack) => prack.headers.get('RAck')));
    expect([...racks]).toEqual(['100 1 INVITE', '101 1 INVITE', '102 1 INVITE']);
    expect(call.events).toEqual(['progress 183 media', 'progress 180', 'progress 182']);
    expect(call.media.log).toEqual(['answer: early']);
  });

  it('survive a lost PRACK', async () => {
    const bench = await calling();
    const { answer, invite, advance, all } = bench;
    let lost = 0;
    bench.wire.fate = ({ name }) => (name === 'PRACK' && lost++ === 0 ? [] : [0]);
    await answer(invite, 183, { sdp: 'early', headers: reliably(1) });
    await advance(600);
    expect(all('PRACK')).toHaveLength(1);
    expect(bench.wire.named('PRACK')).toHaveLength(2);
  });

  it('go to each phone of a fork by itself', async () => {
    const { answer, invite, all } = await calling();
    await answer(invite, 183, { tag: 'one', headers: [...reliably(5), ['Contact', `<sip:one@${B}>`]] });
    await answer(invite, 183, { tag: 'two', headers: [...reliably(9), ['Contact', `<sip:two@${B}>`]] });
    expect(
      all('PRACK').map((prack) => [prack.uri.user, prack.toTag, prack.headers.get('RAck'), prack.cseq.number]),
    ).toEqual([
      ['one', 'one', '5 1 INVITE', 2],
      ['two', 'two', '9 1 INVITE', 2],
    ]);
  });

  it('let the peer change early media by UPDATE', async () => {
    const { call, answer, invite, got, request, lastResponse } = await calling();
    await answer(invite, 183, { sdp: 'early', headers: reliably(1) });
    await answer(got('PRACK'), 200);
    const dialog = { callId: invite.callId, to: invite.headers.get('From')!, from: `<sip:someone@${B}>;tag=peer` };
    await request('UPDATE', { ...dialog, sdp: 'other address' });
    expect(lastResponse('UPDATE').status).toBe(200);
    expect(call.media.remote).toBe('other address');
    await answer(invite, 200);
    expect(call.events).toEqual(['progress 183 media', 'modified by peer', 'answered']);
  });
});

describe('an INVITE that forks', () => {
  it('gives the call to the first that answers; others get ACK and BYE', async () => {
    const { call, answer, invite, all, advance, stack } = await calling();
    await answer(invite, 180, { tag: 'one', headers: [['Contact', `<sip:one@${B}>`]] });
    await answer(invite, 180, { tag: 'two', headers: [['Contact', `<sip:two@${B}>`]] });
    expect(stack.dialogs.size).toBe(2);
    await answer(invite, 200, { tag: 'two', sdp: 'two', headers: [['Contact', `<sip:two@${B}>`]] });
    await answer(invite, 200, { tag: 'one', sdp: 'one', headers: [['Contact', `<sip:one@${B}>`]] });
    await answer(invite, 200, { tag: 'three', sdp: 'three', headers: [['Contact', `<sip:three@${B}>`]] });
    expect(all('ACK').map((ack) => ack.toTag)).toEqual(['two', 'one', 'three']);
    expect(all('BYE').map((bye) => [bye.toTag, bye.uri.user])).toEqual([
      ['one', 'one'],
      ['three', 'three'],
    ]);
    for (const bye of all('BYE')) await answer(bye, 200);
    await answer(invite, 200, { tag: 'one', sdp: 'one', headers: [['Contact', `<sip:one@${B}>`]] });
    expect(all('ACK').map((ack) => ack.toTag)).toEqual(['two', 'one', 'three', 'one']);
    expect(call.media.remote).toBe('two');
    expect(call.events).toEqual(['progress 180', 'progress 180', 'answered']);
    await advance(40_000);
    expect(stack.living).toEqual([0, 0, 1, 0]);
  });

  it('forgets the phones that rang in vain 64*T1 after the answer', async () => {
    const { answer, invite, advance, stack } = await calling();
    for (const tag of ['one', 'two', 'three']) await answer(invite, 180, { tag });
    await answer(invite, 200, { tag: 'two', sdp: 'x' });
    expect(stack.dialogs.size).toBe(3);
    await advance(33_000);
    expect(stack.dialogs.size).toBe(1);
  });

  it('rings no more phones than may be', async () => {
    const { answer, invite, stack } = await calling({}, { limits: { forks: 2 } });
    for (const tag of ['one', 'two', 'three']) await answer(invite, 180, { tag });
    expect(stack.dialogs.size).toBe(2);
  });

  it('forgets all of them when the call is refused', async () => {
    const { answer, invite, stack } = await calling();
    for (const tag of ['one', 'two']) await answer(invite, 180, { tag });
    await answer(invite, 486, { tag: 'one' });
    expect(stack.dialogs.size).toBe(0);
  });

  it('does not give the call to a phone that hung up while it rang', async () => {
    const { call, answer, invite, request, all } = await calling();
    await answer(invite, 180);
    await request('BYE', {
      callId: invite.callId,
      to: invite.headers.get('From')!,
      from: `<sip:someone@${B}>;tag=peer`,
    });
    expect(call.events).toEqual(['progress 180']);
    await answer(invite, 200, { sdp: 'x' });
    expect(all('ACK')).toHaveLength(1);
    expect(call.events).toEqual(['progress 180', 'ended by fault 16 -']);
  });
});

describe('giving a call up', () => {
  it('cancels it with the cause', async () => {
    const { call, answer, invite, got, advance, stack } = await calling();
    await answer(invite, 180);
    call.session.end({ cause: 102, text: 'no answer' });
    await advance(10);
    expect(got('CANCEL').headers.get('Reason')).toBe('Q.850;cause=102;text="no answer"');
    await answer(got('CANCEL'), 200);
    await answer(invite, 487);
    await advance(40_000);
    expect(call.events).toEqual(['progress 180', 'ended by us 102 -']);
    expect(stack.living).toEqual([0, 0, 0, 0]);
  });

  it('when the 2xx crosses the CANCEL, acknowledges it and hangs up', async () => {
    const { call, answer, invite, all, advance, stack } = await calling();
    await answer(invite, 180);
    call.session.end();
    await answer(invite, 200, { sdp: 'too late' });
    await answer(invite, 200, { sdp: 'too late' });
    expect([all('CANCEL').length, all('ACK').length, all('BYE').length]).toEqual([1, 2, 1]);
    await answer(all('BYE')[0]!, 200);
    await advance(40_000);
    expect(call.events).toEqual(['progress 180', 'ended by us 16 -']);
    expect(stack.living).toEqual([0, 0, 0, 0]);
    expect(stack.dialogs.context.counters.surplusAnswers).toBe(1);
  });

  it('declines the offer of such a 2xx in the ACK', async () => {
    const { call, answer, invite, got } = await calling({ lateOffer: true });
    await answer(invite, 180);
    call.session.end();
    await answer(invite, 200, { sdp: 'peer offer' });
    expect(got('ACK').body.toString()).toBe(`nothing from ${call.media.name}`);
  });

  it('does not wait for ever when the peer says nothing more', async () => {
    const { call, answer, invite, advance, stack } = await calling();
    await answer(invite, 180);
    call.session.end();
    await advance(80_000);
    expect(call.events).toHaveLength(2);
    expect(stack.living).toEqual([0, 0, 0, 0]);
  });

  it('while the answer to a late offer is being made hangs up', async () => {
    const { call, answer, invite, all, advance } = await calling({ lateOffer: true });
    let ready: (answer: Buffer) => void = () => undefined;
    call.media.answer = () => new Promise((resolve) => (ready = resolve));
    await answer(invite, 200, { sdp: 'peer offer' });
    call.session.end();
    ready(Buffer.from('late'));
    await advance(10);
    expect([all('ACK').length, all('BYE').length]).toEqual([1, 1]);
    expect(call.events).toEqual(['ended by us 16 -']);
  });
});
