// What is between a request and its answer: challenges, servers that do not answer, intervals that are too short (RFC 3261 22,
// RFC 3263 4.3, RFC 4028 7.3).
import { describe, expect, it } from 'vitest';
import type { SipRequest } from '../../daemon/src/sip/message/index.js';
import type { Target } from '../../daemon/src/sip/transport/index.js';
import { calling } from '../support/sip-wire-calls.js';
import { B, stackAndPeer } from '../support/sip-wire-stack.js';

describe('challenges', () => {
  const challenge: [string, string][] = [['Proxy-Authenticate', 'Digest realm="x", nonce="1"']];
  const authorize = (request: SipRequest): boolean => {
    request.headers.set('Proxy-Authorization', `Digest response="${request.cseq.number}"`);
    return true;
  };

  it('are met with a copy of the INVITE that has credentials and the next CSeq', async () => {
    const { call, answer, invite, got, all } = await calling({ authorize });
    await answer(invite, 407, { tag: 'proxy', headers: challenge });
    const second = got('INVITE');
    expect([second.cseq.number, second.callId, second.fromTag]).toEqual([2, invite.callId, invite.fromTag]);
    expect(second.toTag).toBeUndefined();
    expect(second.body.equals(invite.body)).toBe(true);
    expect(second.headers.list('Via')).toHaveLength(1);
    expect(second.headers.get('Via')).not.toBe(invite.headers.get('Via'));
    await answer(second, 200, { sdp: 'x' });
    const acks = all('ACK');
    expect(acks.map((ack) => [ack.cseq.number, ack.headers.get('Proxy-Authorization')])).toEqual([
      [1, undefined],
      [2, 'Digest response="2"'],
    ]);
    expect(call.events).toEqual(['answered']);
  });

  it('end the call when there are no credentials, or they are refused again and again', async () => {
    const without = await calling();
    await without.answer(without.invite, 401);
    expect(without.call.events).toEqual(['ended by peer 21 401']);

    const refusing = await calling({ authorize: () => false });
    await refusing.answer(refusing.invite, 401);
    expect(refusing.call.events).toEqual(['ended by peer 21 401']);

    const { call, answer, got, all } = await calling({ authorize });
    for (let i = 0; i < 6; i++) await answer(got('INVITE'), 407, { headers: challenge });
    expect(all('INVITE')).toHaveLength(4);
    expect(call.events).toEqual(['ended by peer 21 407']);
  });

  it('are met in the dialog too', async () => {
    const { call, answer, invite, got, all } = await calling({ authorize });
    await answer(invite, 200, { sdp: 'x' });
    call.session.end();
    await answer(invite, 200, { sdp: 'x' });
    await answer(got('BYE'), 407, { headers: challenge });
    const byes = all('BYE');
    expect(byes.map((bye) => [bye.cseq.number, bye.toTag])).toEqual([
      [2, 'peer'],
      [3, 'peer'],
    ]);
    expect(byes[1]!.headers.get('Proxy-Authorization')).toBe('Digest response="3"');
  });

  it('that cannot be met before the call is given up are not', async () => {
    let ready: (done: boolean) => void = () => undefined;
    const { call, answer, invite, all, advance, stack } = await calling({
      authorize: () => new Promise((resolve) => (ready = resolve)),
    });
    await answer(invite, 407, { headers: challenge });
    call.session.end();
    ready(true);
    await advance(40_000);
    expect(all('INVITE')).toHaveLength(1);
    expect(stack.living).toEqual([0, 0, 0, 0]);
  });
});

describe('servers that do not answer', () => {
  const target = (host: string): Target => ({ transport: 'udp', remote: { host, port: 5060 } });
  const targets = [target('192.0.2.8'), target('192.0.2.9'), target(B)];

  it('are passed over: after a time-out, an error or 503 the next is tried (RFC 3263 4.3)', async () => {
    const bench = stackAndPeer();
    const dead = bench.wire.port('192.0.2.9');
    bench.stack.port.unreachable.add('192.0.2.8');
    const call = bench.stack.call(B, { targets });
    await bench.advance(33_000);
    const invite = bench.got('INVITE');
    expect(dead.received[0]?.kind === 'request' && dead.received[0].headers.get('Via')).not.toBe(
      invite.headers.get('Via'),
    );
    expect(dead.received[0]?.cseq.number).toBe(1);
    expect([invite.cseq.number, invite.callId]).toEqual([1, call.session.callId]);
    await bench.answer(invite, 503);
    expect(call.events).toEqual(['ended by peer 41 503']);
  });

  it('after 503 too', async () => {
    const { call, answer, invite, all } = await calling({ targets: [target(B), target(B)] });
    await answer(invite, 503, { headers: [['Retry-After', '60']] });
    expect(all('INVITE').map((one) => one.cseq.number)).toEqual([1, 1]);
    await answer(all('INVITE')[1]!, 200, { sdp: 'x' });
    expect(call.events).toEqual(['answered']);
  });

  it('are judged by what they did', async () => {
    const said: string[] = [];
    const judge = {
      failed: ({ remote }: Target, forMs?: number) => void said.push(`${remote.host} failed ${forMs ?? ''}`),
      answered: ({ remote }: Target) => void said.push(`${remote.host} answered`),
    };
    const bench = stackAndPeer({ judge });
    bench.stack.port.unreachable.add('192.0.2.8');
    bench.stack.call(B, { targets: [targets[0]!, target(B), target(B)] });
    await bench.advance(10);
    await bench.answer(bench.got('INVITE'), 503, { headers: [['Retry-After', '60 (busy)']] });
    await bench.answer(bench.got('INVITE'), 180);
    await bench.answer(bench.got('INVITE'), 486);
    expect(said).toEqual(['192.0.2.8 failed ', `${B} failed 60000`, `${B} answered`]);
  });

  it('are not passed over once they have been heard', async () => {
    const { call, stack, answer, invite, got, all, advance } = await calling();
    await answer(invite, 200, { sdp: 'x' });
    stack.locate = () => [target(B), target(B)];
    const sent = call.session.sendRequest('MESSAGE');
    await advance(10);
    await answer(got('MESSAGE'), 100);
    await advance(70_000);
    expect(await sent).toEqual({ failure: 'timeout' });
    expect(new Set(all('MESSAGE').map((one) => one.headers.get('Via'))).size).toBe(1);
  });

  it('are not passed over once they have rung', async () => {
    const { call, answer, invite, advance, all } = await calling({ targets: [target(B), target(B)] });
    await answer(invite, 180);
    call.session.end();
    await advance(70_000);
    expect(all('INVITE')).toHaveLength(1);
  });

  it('end the call when there is no other', async () => {
    const bench = stackAndPeer();
    bench.stack.port.unreachable.add(B);
    const call = bench.stack.call(B);
    const nowhere = bench.stack.call(B, { targets: [] });
    await bench.advance(10);
    expect(call.events).toEqual(['ended by fault 41 503']);
    expect(nowhere.events).toEqual(['ended by fault 41 503']);
  });
});

describe('an interval that is too short for the peer', () => {
  it('is raised and asked for again (RFC 4028 7.3)', async () => {
    const { call, answer, invite, got } = await calling({}, { settings: { sessionExpiresS: 120 } });
    expect([invite.headers.get('Session-Expires'), invite.headers.get('Min-SE')]).toEqual(['120', '90']);
    await answer(invite, 422, { headers: [['Min-SE', '600']] });
    const second = got('INVITE');
    expect(second.cseq.number).toBe(2);
    expect([second.headers.get('Session-Expires'), second.headers.get('Min-SE')]).toEqual(['600', '600']);
    await answer(second, 200, { sdp: 'x', headers: [['Session-Expires', '600;refresher=uas']] });
    expect(call.session.sessionTimer).toEqual({ intervalS: 600, weRefresh: false });
  });

  it('is raised a few times at most', async () => {
    const { call, answer, got, all } = await calling({}, { settings: { sessionExpiresS: 120 } });
    for (let i = 1; i < 9; i++) await answer(got('INVITE'), 422, { headers: [['Min-SE', String(600 * i)]] });
    expect(all('INVITE')).toHaveLength(5);
    expect(call.events).toEqual(['ended by peer 127 422']);
  });
});
