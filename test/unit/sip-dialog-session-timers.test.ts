// Sessions that must be refreshed (RFC 4028).
import { describe, expect, it } from 'vitest';
import { inCall } from '../support/sip-wire-calls.js';
import { A, stackAndPeer, twoStacks, type StackOptions } from '../support/sip-wire-stack.js';

describe('session timers', () => {
  const timer: StackOptions = { settings: { sessionExpiresS: 180 } };

  it('keep a call alive by UPDATE for as long as it lasts', async () => {
    const two = twoStacks('udp', timer, timer);
    const { out, into } = await two.established();
    expect(out.session.sessionTimer).toEqual({ intervalS: 180, weRefresh: true });
    expect(into.session.sessionTimer).toEqual({ intervalS: 180, weRefresh: false });
    await two.advance(3_600_000);
    expect([out.session.state, into.session.state]).toEqual(['confirmed', 'confirmed']);
    expect(two.wire.named('UPDATE', A)).toHaveLength(39);
    expect(two.wire.named('UPDATE', A)[0]!.bytes.toString()).toContain('Session-Expires: 180;refresher=uac');
    expect(two.wire.named('INVITE')).toHaveLength(0);
    expect(out.media.log).toEqual([]);
    out.session.end();
    await two.advance(60_000);
    expect([two.caller.living, two.callee.living]).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
  });

  it('refresh by re-INVITE when the peer has not said that it knows UPDATE', async () => {
    const { got, advance, call, answer } = await inCall({
      stack: timer,
      headers: [['Session-Expires', '180;refresher=uac']],
    });
    await advance(90_100);
    expect(got('INVITE').body.toString()).toMatch(/^offer 2/);
    await answer(got('INVITE'), 200, { sdp: 'same', headers: [['Session-Expires', '180;refresher=uac']] });
    await advance(80_000);
    expect(call.session.state).toBe('confirmed');
  });

  it('end a call that the peer does not refresh, a while before it runs out', async () => {
    const { call, all, advance, stack } = await inCall({
      stack: timer,
      headers: [['Session-Expires', '180;refresher=uas']],
    });
    await advance(147_000);
    expect(all('BYE')).toHaveLength(0);
    await advance(2000);
    expect(all('BYE')[0]?.headers.get('Reason')).toBe('Q.850;cause=102;text="session not refreshed"');
    expect(call.events).toEqual(['ended by fault 102 -']);
    expect(stack.dialogs.context.counters.expired).toBe(1);
  });

  it('end both sides when the network between them has gone', async () => {
    const two = twoStacks('udp', timer, timer);
    const { out, into } = await two.established();
    two.wire.fate = () => [];
    await two.advance(300_000);
    expect([out.events.at(-1), into.events.at(-1)]).toEqual(['ended by fault 102 -', 'ended by fault 102 -']);
    expect([two.caller.living, two.callee.living, two.clock.timers]).toEqual([[0, 0, 0, 0], [0, 0, 0, 0], 0]);
  });

  it('begin anew with each refresh of the peer', async () => {
    const { call, request, advance, lastResponse } = await inCall({
      stack: timer,
      headers: [['Session-Expires', '180;refresher=uas']],
    });
    const headers: [string, string][] = [
      ['Supported', 'timer'],
      ['Session-Expires', '180;refresher=uac'],
    ];
    for (let i = 1; i <= 5; i++) {
      await advance(140_000);
      await request('UPDATE', { cseq: i, headers });
    }
    expect(call.session.state).toBe('confirmed');
    expect(lastResponse('UPDATE').headers.get('Session-Expires')).toBe('180;refresher=uac');
    expect(lastResponse('UPDATE').headers.get('Require')).toBe('timer');
  });

  it('are ours to keep when the peer knows none, and find out that it has gone', async () => {
    const { call, advance, got, all } = await inCall({ stack: timer });
    expect(call.session.sessionTimer).toEqual({ intervalS: 180, weRefresh: true });
    await advance(90_100);
    expect(got('INVITE').method).toBe('INVITE');
    await advance(33_000);
    expect(call.events).toEqual(['ended by fault 102 -']);
    expect(all('BYE').length).toBeGreaterThan(0);
  });

  it.each<[{ supported: boolean; expires?: string; min?: string }, string]>([
    // Table 2 of RFC 4028: what the peer's INVITE says, and what our 2xx does.
    [{ supported: true, expires: '300' }, '180;refresher=uac'],
    [{ supported: true, expires: '120;refresher=uas' }, '120;refresher=uas'],
    [{ supported: true, expires: '120;refresher=uac' }, '120;refresher=uac'],
    [{ supported: false, expires: '120' }, '120;refresher=uas'],
    [{ supported: false }, '180;refresher=uas'],
    [{ supported: true, expires: '1000', min: '500' }, '500;refresher=uac'],
  ])('are agreed with the caller %j as %s', async ({ supported, expires, min }, agreed) => {
    const bench = stackAndPeer(timer);
    const headers: [string, string][] = [];
    if (supported) headers.push(['Supported', 'timer']);
    if (expires !== undefined) headers.push(['Session-Expires', expires]);
    if (min !== undefined) headers.push(['Min-SE', min]);
    await bench.request('INVITE', { sdp: 'x', headers });
    await bench.stack.incoming[0]!.session.answer();
    await bench.advance(10);
    expect(bench.lastResponse('INVITE').headers.get('Session-Expires')).toBe(agreed);
    expect(bench.lastResponse('INVITE').headers.get('Require')).toBe(agreed.endsWith('uac') ? 'timer' : undefined);
  });

  it('are refreshed no more often than every 45 s, whatever the peer says', async () => {
    const { call } = await inCall({ stack: timer, headers: [['Session-Expires', '1;refresher=uac']] });
    expect(call.session.sessionTimer).toEqual({ intervalS: 90, weRefresh: true });
  });
});
