// REFER of the box (RFC 3515): the far end of a trunk is asked to call somebody else, and tells how that went.
import { beforeEach, describe, expect, it } from 'vitest';
import type { SipPhone } from '../support/sip-phone.js';
import { StackBench } from '../support/sip-stack-bench.js';
import { answered, idle } from '../support/sip-stack-calls.js';

let bench: StackBench;
let carrier: SipPhone;

beforeEach(async () => {
  bench = await StackBench.start();
  carrier = await bench.carrier('a', { fromDomain: 'carrier.example' });
});

const ALLOW: [string, string][] = [['Allow', 'INVITE, ACK, BYE, REFER, NOTIFY']];
const out = (number: string) => ({ kind: 'trunk', trunk: 'a', number }) as const;

const report = (status: string, state: string) => ({
  headers: [
    ['Event', 'refer'],
    ['Subscription-State', state],
  ] as [string, string][],
  body: ['message/sipfrag;version=2.0', `SIP/2.0 ${status}\r\n`] as const,
});

describe('REFER to a number', () => {
  it('is done when the far end says so', async () => {
    const { call, dialog } = await answered(bench, carrier, out('13800138000'), ALLOW);
    const referred = bench.command('call.refer', { call, to: { number: '110' } });
    const refer = await dialog.next('REFER');
    expect(refer.headers.get('Refer-To')).toMatch(/^<sip:110@carrier\.example>$/);
    carrier.answer(refer, 202);
    expect((await dialog.request('NOTIFY', report('180 Ringing', 'active;expires=60'))).status).toBe(200);
    expect((await dialog.request('NOTIFY', report('200 OK', 'terminated;reason=noresource'))).status).toBe(200);
    expect(await referred).toEqual({ done: true, cause: 16 });
    await bench.command('call.release', { call, cause: 16 });
    carrier.answer(await dialog.next('BYE'), 200);
    await idle(carrier);
    expect((await bench.command('statistics', {})).dialogs).toBe(0);
  });

  it('fails as the far end says, and the call goes on', async () => {
    const { call, dialog } = await answered(bench, carrier, out('13800138000'), ALLOW);
    const referred = bench.command('call.refer', { call, to: { number: '110' } });
    carrier.answer(await dialog.next('REFER'), 202);
    await dialog.request('NOTIFY', report('486 Busy Here', 'terminated;reason=noresource'));
    expect(await referred).toEqual({ done: false, cause: 17 });
    expect(bench.all('call.released')).toEqual([]);
  });

  it('that is refused leaves the call as it was', async () => {
    const { call, dialog } = await answered(bench, carrier, out('13800138000'), ALLOW);
    const referred = bench.command('call.refer', { call, to: { number: '110' } });
    carrier.answer(await dialog.next('REFER'), 603);
    expect(await referred).toEqual({ done: false, cause: 21 });
    expect(bench.all('call.released')).toEqual([]);
  });

  it('that nobody reports of fails when the reports are given up', async () => {
    const { call, dialog } = await answered(bench, carrier, out('13800138000'), [
      ...ALLOW,
      ['Session-Expires', '3600;refresher=uas'],
    ]);
    const referred = bench.command('call.refer', { call, to: { number: '110' } });
    carrier.answer(await dialog.next('REFER'), 202);
    await idle(carrier);
    await bench.clock.advance(300_000);
    expect(await referred).toEqual({ done: false, cause: 102 });
  });

  it('is not sent to one that has not said that it takes REFER, nor before the answer', async () => {
    const { call } = await answered(bench, carrier, out('13800138000'), [['Allow', 'INVITE, ACK, BYE']]);
    await expect(bench.command('call.refer', { call, to: { number: '110' } })).rejects.toMatchObject({
      code: 'invalid',
    });
    const { call: ringing } = await bench.command('call.dial', {
      ...{ target: out('1'), callingNumber: '', callingName: '', anonymous: false },
      media: { rtpPort: 4000, rtcpPort: 4001 },
    });
    await expect(bench.command('call.refer', { call: ringing, to: { number: '110' } })).rejects.toMatchObject({
      code: 'invalid',
    });
    expect(carrier.all('REFER')).toEqual([]);
  });
});

describe('REFER to another call', () => {
  it('names the far end of that one and the dialog whose place is to be taken', async () => {
    const one = await answered(bench, carrier, out('13800138000'), ALLOW);
    const other = await answered(bench, carrier, out('13900139000'), ALLOW);
    const referred = bench.command('call.refer', { call: one.call, to: { call: other.call } });
    const refer = await one.dialog.next('REFER');
    const [, uri, replaces] = /^<([^?]+)\?Replaces=([^>]+)>$/.exec(refer.headers.get('Refer-To') ?? '') ?? [];
    expect(uri).toBe(`sip:carrier@127.0.0.1:${carrier.port}`);
    // Its to-tag is the one of him who will get the INVITE: the far end of the other call.
    const { callId, localTag, remoteTag } = other.dialog;
    expect(decodeURIComponent(replaces ?? '')).toBe(`${callId};to-tag=${localTag};from-tag=${remoteTag}`);
    carrier.answer(refer, 202);
    await one.dialog.request('NOTIFY', report('200 OK', 'terminated;reason=noresource'));
    expect(await referred).toEqual({ done: true, cause: 16 });
  });
});
