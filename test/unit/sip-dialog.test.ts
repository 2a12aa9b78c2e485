// Dialogs: how they are made, found and routed, in which order their requests may come, and what ends them (RFC 3261 clause 12,
// RFC 5057, RFC 3891).
import { describe, expect, it } from 'vitest';
import {
  effectOf,
  formatReplaces,
  InviteSession,
  parseReplaces,
  routingOf,
  type DialogUsage,
} from '../../daemon/src/sip/dialog/index.js';
import { formatUri } from '../../daemon/src/sip/message/index.js';
import type { ServerTransaction } from '../../daemon/src/sip/transaction/index.js';
import { A, B, stackAndPeer, twoStacks, uriOf } from '../support/sip-wire-stack.js';

describe('the way of a request in a dialog (RFC 3261 12.2.1.1)', () => {
  const target = uriOf('sip:bob@192.0.2.4');
  const routed = (...routes: string[]) => {
    const { requestUri, routes: rest, nextHop } = routingOf(routes, target);
    return { requestUri, rest, next: formatUri(nextHop) };
  };

  it('without routes is that of the remote target', () => {
    expect(routed()).toEqual({ requestUri: 'sip:bob@192.0.2.4', rest: [], next: 'sip:bob@192.0.2.4' });
  });

  it('leaves out what a Contact may have and a Request-URI may not', () => {
    const contact = uriOf('sip:bob@192.0.2.4;method=BYE;x=1?Replaces=y');
    expect(routingOf([], contact).requestUri).toBe('sip:bob@192.0.2.4;x=1');
    expect(routingOf(['<sip:p1.example.com;lr>'], contact).requestUri).toBe('sip:bob@192.0.2.4;x=1');
  });

  it('leads along loose routers to the target', () => {
    expect(routed('<sip:p1.example.com;lr>', '<sip:p2.example.com>')).toEqual({
      requestUri: 'sip:bob@192.0.2.4',
      rest: ['<sip:p1.example.com;lr>', '<sip:p2.example.com>'],
      next: 'sip:p1.example.com;lr',
    });
  });

  it('puts a strict router into the Request-URI and the target last', () => {
    expect(routed('<sip:p1.example.com;method=INVITE;x=1?Subject=no>', '<sip:p2.example.com;lr>')).toEqual({
      requestUri: 'sip:p1.example.com;x=1',
      rest: ['<sip:p2.example.com;lr>', '<sip:bob@192.0.2.4>'],
      next: 'sip:p1.example.com;method=INVITE;x=1?subject=no',
    });
  });
});

describe('a dialog that the peer makes', () => {
  /** A call of the peer's over two proxies, answered. */
  async function answered() {
    const bench = stackAndPeer();
    const headers: [string, string][] = [['Record-Route', `<sip:${B};lr;n=1>, <sip:p2.example.com;lr>`]];
    await bench.request('INVITE', { sdp: 'x', cseq: 5, headers });
    const call = bench.stack.incoming[0]!;
    await call.session.answer();
    await bench.advance(10);
    const to = bench.lastResponse('INVITE').headers.get('To')!;
    const request = (method: string, parts: Parameters<typeof bench.request>[1] = {}): Promise<void> =>
      bench.request(method, { to, ...parts });
    await request('ACK', { cseq: 5 });
    return { ...bench, call, to, request };
  }

  it('sends requests the way back, with From and To changed over', async () => {
    const { call, next, to } = await answered();
    call.session.end();
    const bye = await next('BYE');
    expect(bye.headers.get('From')).toBe(to);
    expect(bye.headers.get('To')).toBe(`<sip:them@${B}>;tag=peer`);
    expect(bye.callId).toBe('peer-call');
    expect(bye.headers.list('Route')).toEqual([`<sip:${B};lr;n=1>`, '<sip:p2.example.com;lr>']);
    expect([bye.uriText, bye.cseq.number]).toEqual([`sip:${B}`, 1]);
  });

  it('refuses requests whose CSeq is not higher than the last (12.2.2)', async () => {
    const { call, request, statuses, stack } = await answered();
    for (const cseq of [5, 4]) await request('INFO', { cseq });
    expect(statuses('INFO')).toEqual([500, 500]);
    await request('INFO', { cseq: 900 });
    await request('INFO', { cseq: 7 });
    expect(statuses('INFO')).toEqual([500, 500, 200, 500]);
    expect(stack.dialogs.context.counters.outOfOrder).toBe(3);
    expect(call.session.state).toBe('confirmed');
  });

  it('answers what nobody in it takes', async () => {
    const { request, statuses, lastResponse } = await answered();
    const wanted: Record<string, number> = {
      OPTIONS: 200,
      SUBSCRIBE: 489,
      NOTIFY: 481,
      MESSAGE: 405,
      REGISTER: 405,
      PRACK: 481,
      REFER: 400,
    };
    let cseq = 6;
    for (const [method, status] of Object.entries(wanted)) {
      await request(method, { cseq: cseq++ });
      expect([method, ...statuses(method)]).toEqual([method, status]);
    }
    expect(lastResponse('OPTIONS').headers.get('Allow')).toContain('INVITE');
  });

  it('is found by both tags and the Call-ID, and otherwise 481', async () => {
    const { request, statuses, to, stack, call } = await answered();
    await request('INFO', { cseq: 10, from: `<sip:them@${B}>;tag=other` });
    await request('INFO', { cseq: 10, to: `${to}x` });
    await request('INFO', { cseq: 10, callId: 'Peer-Call' });
    expect(statuses('INFO')).toEqual([481, 481, 481]);
    expect(stack.dialogs.context.counters.unknown).toBe(3);
    await request('ACK', { cseq: 5, from: `<sip:them@${B}>;tag=other` });
    expect(InviteSession.of(call.session.dialog!)).toBe(call.session);
  });

  it('takes a peer without a tag, as RFC 2543 had them', async () => {
    const bench = stackAndPeer();
    const from = `<sip:them@${B}>`;
    await bench.request('INVITE', { from, sdp: 'x' });
    const call = bench.stack.incoming[0]!;
    await call.session.answer();
    await bench.advance(10);
    const to = bench.lastResponse('INVITE').headers.get('To')!;
    await bench.request('ACK', { from, to });
    expect(call.session.state).toBe('confirmed');
    call.session.end();
    expect((await bench.next('BYE')).headers.get('To')).toBe(from);
  });
});

describe('usages of one dialog (RFC 5057)', () => {
  class Usage implements DialogUsage {
    readonly kind = 'subscription';
    readonly over = false;
    destroyedBy = 0;

    request(transaction: ServerTransaction): boolean {
      if (transaction.request.headers.get('Event') !== 'dialog') return false;
      transaction.respond(transaction.response(200));
      return true;
    }

    destroyed(status: number): void {
      this.destroyedBy = status;
    }
  }

  it('share it until the last has gone', async () => {
    const two = twoStacks();
    const { out, into } = await two.established();
    const usage = new Usage();
    const { dialog } = out.session;
    dialog!.attach(usage);
    const notified = into.session.sendRequest('NOTIFY', [
      ['Event', 'dialog'],
      ['Subscription-State', 'active'],
    ]);
    await two.advance(20);
    expect(await notified).toMatchObject({ response: { status: 200 } });
    into.session.end();
    await two.advance(20);
    expect(out.events).toEqual(['ended by peer 16 -']);
    expect([two.caller.dialogs.size, two.callee.dialogs.size]).toEqual([1, 0]);
    // The session has gone from it: its requests find nothing.
    expect(dialog!.inviteUsage).toBeUndefined();
    dialog!.detach(usage);
    expect(two.caller.dialogs.size).toBe(0);
    expect(dialog!.state).toBe('ended');
  });

  it('are told when the dialog proves to be gone', async () => {
    const two = twoStacks();
    const { out } = await two.established();
    const usage = new Usage();
    out.session.dialog!.attach(usage);
    out.session.dialog!.destroy(410);
    expect(usage.destroyedBy).toBe(410);
    expect(out.events).toEqual(['ended by fault 22 410']);
    expect(two.caller.dialogs.size).toBe(0);
  });

  it('have room for a few', async () => {
    const two = twoStacks('udp', { limits: { usages: 2 } });
    const { out } = await two.established();
    const { dialog } = out.session;
    expect(dialog!.hasRoom).toBe(true);
    dialog!.attach(new Usage());
    expect(dialog!.hasRoom).toBe(false);
  });

  it.each([
    [404, 'INVITE', 'dialog'],
    [410, 'NOTIFY', 'dialog'],
    [416, 'INFO', 'dialog'],
    [482, 'BYE', 'dialog'],
    [484, 'INVITE', 'dialog'],
    [484, 'REFER', 'none'],
    [485, 'UPDATE', 'dialog'],
    [502, 'INVITE', 'dialog'],
    [604, 'INVITE', 'dialog'],
    [481, 'INFO', 'usage'],
    [481, 'INVITE', 'usage'],
    [408, 'INVITE', 'usage'],
    [408, 'INFO', 'none'],
    [480, 'UPDATE', 'usage'],
    [501, 'INFO', 'none'],
    [489, 'NOTIFY', 'usage'],
    [489, 'INFO', 'none'],
    [400, 'INVITE', 'none'],
    [401, 'INVITE', 'none'],
    [488, 'INVITE', 'none'],
    [491, 'INVITE', 'none'],
    [500, 'INVITE', 'none'],
    [503, 'INVITE', 'none'],
    [603, 'INVITE', 'none'],
    [200, 'INVITE', 'none'],
  ])('%i to %s ends: %s', (status, method, effect) => {
    expect(effectOf(status, method)).toBe(effect);
  });
});

describe('the Replaces header', () => {
  it.each([
    ['call@host;to-tag=a;from-tag=b', { callId: 'call@host', toTag: 'a', fromTag: 'b', earlyOnly: false }],
    ['x ;from-tag=b;to-tag=a;early-only', { callId: 'x', toTag: 'a', fromTag: 'b', earlyOnly: true }],
  ])('%s is read', (text, replaces) => {
    expect(parseReplaces(text)).toEqual(replaces);
    expect(parseReplaces(formatReplaces(replaces))).toEqual(replaces);
  });

  it.each(['', 'x', 'x;to-tag=a', 'x;from-tag=b', ';to-tag=a;from-tag=b', 'x;to-tag;from-tag=b'])(
    '%j is none',
    (text) => {
      expect(parseReplaces(text)).toBeUndefined();
    },
  );

  /** What our stack makes of an INVITE with that header. */
  async function replaced(two: ReturnType<typeof twoStacks>, ...values: string[]) {
    const headers = values.map((value) => ['Replaces', value] as [string, string]);
    two.callee.call(A, { headers });
    await two.advance(20);
    const { invite } = two.caller.incoming.at(-1)!.session;
    const match = two.caller.dialogs.replaced(invite);
    return match !== undefined && 'dialog' in match ? InviteSession.of(match.dialog) : match?.status;
  }

  it('finds a call by its tags, the to-tag being ours (RFC 3891 clause 3)', async () => {
    const two = twoStacks();
    const { out, into } = await two.established();
    const { callId, localTag, remoteTag } = out.session.dialog!;
    // What the other end of the call says of it names us.
    expect(into.session.replaces).toBe(`${callId};to-tag=${localTag};from-tag=${remoteTag}`);
    expect(await replaced(two, into.session.replaces!)).toBe(out.session);
    expect(await replaced(two, out.session.replaces!)).toBe(481);
    expect(await replaced(two, `${into.session.replaces!}x`)).toBe(481);
    expect(await replaced(two, `${into.session.replaces!};early-only`)).toBe(486);
    expect(await replaced(two)).toBeUndefined();
    expect(await replaced(two, 'nonsense')).toBe(400);
  });

  it('finds a call that we make while it rings, but not one that rings here', async () => {
    const two = twoStacks();
    const out = two.caller.call(B);
    two.callee.arrived = ({ session }) => session.ring();
    await two.advance(20);
    const { callId, toTag } = two.wire.named('180 INVITE')[0]!.message;
    const mine = `${callId};to-tag=${out.session.localTag};from-tag=${toTag};early-only`;
    expect(await replaced(two, mine)).toBe(out.session);

    const incoming = two.callee.call(A);
    two.caller.arrived = ({ session }) => session.ring();
    await two.advance(20);
    const theirs = two.wire.named('180 INVITE', A).at(-1)!.message;
    expect(await replaced(two, `${theirs.callId};to-tag=${theirs.toTag};from-tag=${incoming.session.localTag}`)).toBe(
      481,
    );
  });

  it('finds that a call is just ending', async () => {
    const two = twoStacks();
    const { out, into } = await two.established();
    const value = into.session.replaces!;
    two.wire.fate = ({ name }) => (name.includes('BYE') ? [] : [0]);
    out.session.end();
    expect(await replaced(two, value)).toBe(603);
  });

  it('must not stand beside Join', async () => {
    const two = twoStacks();
    const { into } = await two.established();
    two.callee.call(A, {
      headers: [
        ['Replaces', into.session.replaces!],
        ['Join', into.session.replaces!],
      ],
    });
    await two.advance(20);
    expect(two.caller.dialogs.replaced(two.caller.incoming.at(-1)!.session.invite)).toEqual({ status: 400 });
  });
});

describe('the table of dialogs', () => {
  it('has room for so many', async () => {
    const two = twoStacks('udp', {}, { limits: { dialogs: 3 } });
    for (let i = 0; i < 5; i++) two.caller.call(B);
    await two.advance(20);
    expect(two.callee.incoming).toHaveLength(3);
    expect(two.wire.named('503 INVITE').map((packet) => packet.message.headers.get('Retry-After'))).toEqual([
      '10',
      '10',
    ]);
  });

  it('is emptied when the stack closes', async () => {
    const two = twoStacks();
    const { out } = await two.established();
    two.caller.dialogs.close();
    expect(out.events).toEqual(['ended by fault 41 503']);
    expect(two.caller.dialogs.size).toBe(0);
  });
});
