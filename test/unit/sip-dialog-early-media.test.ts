// Provisional answers of ours with early media, and those that are sent until PRACK comes (RFC 3262, RFC 3311).
import { describe, expect, it } from 'vitest';
import { invited, sentAt } from '../support/sip-wire-calls.js';

const RELIABLE: [string, string][] = [['Supported', '100rel']];

describe('early media', () => {
  it('to a peer without 100rel goes in 183, and the 2xx says the same again', async () => {
    const { call, peer, ack, advance } = await invited();
    await call.session.progress();
    await call.session.answer();
    await advance(10);
    await ack();
    const answers = peer.received.filter((message) => message.kind === 'response');
    expect(answers.map(({ status }) => status)).toEqual([183, 200]);
    expect(answers[0]!.body.toString()).toMatch(/^answer 1/);
    expect(answers[1]!.body.toString()).toBe(answers[0]!.body.toString());
    expect(answers[0]!.headers.has('RSeq')).toBe(false);
  });

  it('to a peer with 100rel is sent until PRACK, and then is the answer', async () => {
    const bench = await invited({ headers: RELIABLE });
    const { call, lastResponse, inDialog, ack, advance, peer } = bench;
    await call.session.progress();
    await advance(2000);
    expect(sentAt(bench, '183 INVITE')).toEqual([10, 510, 1510]);
    const { headers } = lastResponse('INVITE');
    expect(headers.get('Require')).toBe('100rel');
    const rseq = Number(headers.get('RSeq'));
    expect(rseq).toBeGreaterThan(0);
    await inDialog('PRACK', { headers: [['RAck', `${rseq} 1 INVITE`]] });
    expect(lastResponse('PRACK').status).toBe(200);
    await call.session.answer();
    await advance(10);
    await ack();
    await advance(60_000);
    expect(sentAt(bench, '183 INVITE')).toHaveLength(3);
    const final = peer.received.find(
      (one) => one.kind === 'response' && one.status === 200 && one.cseq.method === 'INVITE',
    );
    expect(final?.body).toHaveLength(0);
    expect(call.session.state).toBe('confirmed');
  });

  it('holds the 2xx back until its PRACK has come (RFC 3262 clause 3)', async () => {
    const { call, lastResponse, statuses, inDialog, advance } = await invited({ headers: RELIABLE });
    await call.session.progress();
    const answered = call.session.answer();
    await advance(300);
    expect(statuses('INVITE')).toEqual([183]);
    const rseq = lastResponse('INVITE').headers.get('RSeq') ?? '';
    await inDialog('PRACK', { headers: [['RAck', `${rseq} 1 INVITE`]] });
    expect(await answered).toBe(true);
    await advance(10);
    expect(statuses('INVITE')).toEqual([183, 200]);
  });

  it('without a PRACK fails the call after 64*T1', async () => {
    const { call, statuses, advance, stack } = await invited({ headers: RELIABLE });
    await call.session.progress();
    const answered = call.session.answer();
    await advance(33_000);
    expect(await answered).toBe(false);
    expect(statuses('INVITE').at(-1)).toBe(504);
    expect(call.events).toEqual(['ended by fault 102 504']);
    await advance(40_000);
    expect(stack.living).toEqual([0, 0, 0, 0]);
  });

  it('takes no PRACK for anything else', async () => {
    const { call, lastResponse, inDialog, statuses, advance } = await invited({ headers: RELIABLE });
    await call.session.progress();
    await advance(10);
    const rseq = Number(lastResponse('INVITE').headers.get('RSeq'));
    const wrong = [
      `${rseq + 1} 1 INVITE`,
      `${rseq} 2 INVITE`,
      `${rseq} 1 UPDATE`,
      `${rseq} 1`,
      'x',
      `${rseq} 1 INVITE x`,
    ];
    for (const [i, rack] of wrong.entries()) await inDialog('PRACK', { cseq: i + 2, headers: [['RAck', rack]] });
    expect(statuses('PRACK')).toEqual(wrong.map(() => 481));
    await inDialog('PRACK', { cseq: 20, headers: [['RAck', `${rseq} 1 INVITE`]] });
    await inDialog('PRACK', { cseq: 21, headers: [['RAck', `${rseq} 1 INVITE`]] });
    expect(statuses('PRACK').slice(-2)).toEqual([200, 481]);
  });

  it('carries our offer when the INVITE has none, and PRACK the answer', async () => {
    const { call, lastResponse, inDialog, ack, peer, advance } = await invited({ headers: RELIABLE, sdp: undefined });
    await call.session.progress();
    await advance(10);
    expect(lastResponse('INVITE').body.toString()).toMatch(/^offer 1/);
    const rack = `${lastResponse('INVITE').headers.get('RSeq') ?? ''} 1 INVITE`;
    await inDialog('PRACK', { headers: [['RAck', rack]], sdp: 'peer answer' });
    expect(call.media.log).toEqual(['answer: peer answer']);
    await call.session.answer();
    await advance(10);
    await ack();
    expect(peer.received.findLast((one) => one.kind === 'response')?.body).toHaveLength(0);
    expect(call.session.state).toBe('confirmed');
  });

  it('fails when PRACK does not answer our offer', async () => {
    const { call, lastResponse, inDialog, statuses, advance } = await invited({ headers: RELIABLE, sdp: undefined });
    await call.session.progress();
    await advance(10);
    await inDialog('PRACK', { headers: [['RAck', `${lastResponse('INVITE').headers.get('RSeq') ?? ''} 1 INVITE`]] });
    expect(statuses('PRACK')).toEqual([400]);
    expect(statuses('INVITE')).toEqual([183, 488]);
  });

  it('is changed by an offer in PRACK, which its 2xx answers (RFC 3262 clause 5)', async () => {
    const { call, lastResponse, inDialog, advance } = await invited({ headers: RELIABLE });
    await call.session.progress();
    await advance(10);
    const rack = `${lastResponse('INVITE').headers.get('RSeq') ?? ''} 1 INVITE`;
    await inDialog('PRACK', { headers: [['RAck', rack]], sdp: 'second offer' });
    expect(lastResponse('PRACK').status).toBe(200);
    expect(lastResponse('PRACK').body.toString()).toMatch(/^answer 2/);
    expect(call.media.remote).toBe('second offer');
  });

  it('is changed by UPDATE once it is agreed, and not before (RFC 3311)', async () => {
    const { call, lastResponse, inDialog, statuses, advance } = await invited({ headers: RELIABLE });
    await call.session.progress();
    await advance(10);
    const rack = `${lastResponse('INVITE').headers.get('RSeq') ?? ''} 1 INVITE`;
    await inDialog('UPDATE', { cseq: 2, sdp: 'too early' });
    expect(lastResponse('UPDATE').headers.has('Retry-After')).toBe(true);
    await inDialog('PRACK', { cseq: 3, headers: [['RAck', rack]] });
    await inDialog('UPDATE', { cseq: 4, sdp: 'new offer' });
    expect(statuses('UPDATE')).toEqual([500, 200]);
    expect(lastResponse('UPDATE').body.toString()).toBe(call.media.local);
    expect(call.media.remote).toBe('new offer');
    expect(call.events).toEqual(['modified by peer']);
  });
});

describe('a peer that requires reliable provisional answers', () => {
  it('gets its ringing reliably, one after the other', async () => {
    const { call, peer, inDialog, advance } = await invited({ headers: [['Require', '100rel']] });
    call.session.ring();
    call.session.ring(182);
    await advance(10);
    const rseqs = (): string[] =>
      peer.received.flatMap((one) => (one.kind === 'response' ? [`${one.status} ${one.headers.get('RSeq')}`] : []));
    const first = Number(rseqs()[0]!.split(' ')[1]);
    expect(rseqs()).toEqual([`180 ${first}`]);
    await inDialog('PRACK', { headers: [['RAck', `${first} 1 INVITE`]] });
    expect(rseqs().filter((one) => !one.endsWith('null') && !one.endsWith('undefined'))).toEqual([
      `180 ${first}`,
      `182 ${first + 1}`,
    ]);
  });

  it('gets the 2xx without delay, for ringing holds nothing back, and may still send its PRACK', async () => {
    const { call, lastResponse, statuses, inDialog, advance } = await invited({ headers: [['Require', '100rel']] });
    call.session.ring();
    await advance(10);
    const rack = `${lastResponse('INVITE').headers.get('RSeq') ?? ''} 1 INVITE`;
    await call.session.answer();
    await advance(10);
    expect(statuses('INVITE')).toEqual([180, 200]);
    await inDialog('PRACK', { headers: [['RAck', rack]] });
    expect(statuses('PRACK')).toEqual([200]);
  });
});
