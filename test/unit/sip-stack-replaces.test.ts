// INVITE with Replaces (RFC 3891) and REFER (RFC 3515) of telephones through the whole stack, as far as call control, which decides.
import { beforeEach, describe, expect, it } from 'vitest';
import type { SipPhone } from '../support/sip-phone.js';
import { StackBench } from '../support/sip-stack-bench.js';
import { answered, dialled, idle, inTalk } from '../support/sip-stack-calls.js';

let bench: StackBench;
let a: SipPhone;
let b: SipPhone;

beforeEach(async () => {
  bench = await StackBench.start();
  [a, b] = [await bench.phone(1001), await bench.phone(1002)];
});

const replacing = (value: string): { headers: [string, string][] } => ({ headers: [['Replaces', value]] });

describe('an INVITE with Replaces', () => {
  it('names the call in talk whose place it is to take, which is ended when the box wants so', async () => {
    const talk = await inTalk(bench, a);
    const invite = await b.invite('1001', replacing(talk.dialog.replaces));
    const offered = await bench.next('call.offered');
    expect(offered).toMatchObject({ origin: { kind: 'station', station: 1002 }, replaces: { call: talk.call } });
    await bench.command('call.answer', { call: offered.call });
    const dialog = b.dialog(invite, await b.nextResponse('200 INVITE', invite.callId));
    dialog.send('ACK');
    await bench.command('call.release', { call: talk.call, cause: 16 });
    a.answer(await talk.dialog.next('BYE'), 200);
    expect(bench.all('call.released')).toMatchObject([{ call: talk.call, by: 'local' }]);
  });

  it('names a call that the box makes, early and in talk', async () => {
    const { call, invite } = await dialled(bench, b, { kind: 'station', station: 1002 });
    const ringing = b.answer(invite, 180);
    await bench.next('call.progressed');
    await a.invite('1002', replacing(`${b.dialog(invite, ringing).replaces};early-only`));
    expect((await bench.next('call.offered')).replaces).toEqual({ call });
  });

  it('is refused as the RFC says when there is no such call, or it is not as the sender wants it', async () => {
    const talk = await inTalk(bench, a);
    const status = async (value: string, more: [string, string][] = []): Promise<number> =>
      (await b.request('INVITE', { to: '1001', headers: [['Replaces', value], ...more] })).status;
    expect(await status(`${talk.dialog.replaces};early-only`)).toBe(486);
    expect(await status(`${talk.dialog.callId};to-tag=x;from-tag=y`)).toBe(481);
    expect(await status('nonsense')).toBe(400);
    expect(await status(talk.dialog.replaces, [['Replaces', talk.dialog.replaces]])).toBe(400);
    // A call of a telephone that the box has not answered is not the sender's to take.
    const invite = await a.invite('1003');
    const early = await bench.next('call.offered');
    await bench.command('call.alert', { call: early.call, early: false });
    expect(await status(a.dialog(invite, await a.nextResponse('180 INVITE', invite.callId)).replaces)).toBe(481);
    expect(bench.all('call.offered').filter(({ replaces }) => replaces !== undefined)).toEqual([]);
  });

  it('without credentials is challenged, whatever dialog it names', async () => {
    const talk = await inTalk(bench, a);
    for (const value of [talk.dialog.replaces, 'x;to-tag=1;from-tag=2']) {
      const answer = await b.request('INVITE', { to: '1001', authorize: false, ...replacing(value) });
      expect(answer.status).toBe(401);
    }
  });

  it('is answered 481 when call control finds that it does not fit', async () => {
    const talk = await inTalk(bench, a);
    const invite = await b.invite('1001', replacing(talk.dialog.replaces));
    await bench.command('call.release', { call: (await bench.next('call.offered')).call, cause: 101 });
    expect((await b.nextResponse('* INVITE', invite.callId)).status).toBe(481);
  });

  it('picks up what a lamp shows ringing, whoever rings, and nothing when it rings no more', async () => {
    const sent = await a.ask('SUBSCRIBE', { to: '7', headers: [['Event', 'dialog']] });
    expect((await a.nextResponse('* SUBSCRIBE', sent.callId)).status).toBe(404);
    const lamp = { station: 7, name: 'Door', reachable: true, note: '' };
    const call = { id: 'leg12', direction: 'in', state: 'early', remote: '110' } as const;
    await bench.command('lamp.set', { ...lamp, calls: [call] });
    const watching = await a.ask('SUBSCRIBE', { to: '7', headers: [['Event', 'dialog']] });
    const notify = await a.nextRequest('NOTIFY', watching.callId);
    a.answer(notify, 200);
    const shown = /call-id="([^"]+)" local-tag="([^"]+)" remote-tag="([^"]+)"/.exec(notify.body.toString())!;
    const [, callId, localTag, remoteTag] = shown;
    for (const tags of [`to-tag=${remoteTag};from-tag=${localTag}`, `to-tag=${localTag};from-tag=${remoteTag}`]) {
      await a.invite('7', replacing(`${callId};${tags};early-only`));
      expect((await bench.next('call.offered')).replaces).toEqual({ lamp: 'leg12' });
    }
    expect((await a.request('INVITE', { to: '7', ...replacing(`${callId};to-tag=x;from-tag=y`) })).status).toBe(481);
    await bench.command('lamp.set', { ...lamp, calls: [{ ...call, state: 'confirmed' }] });
    const late = `${callId};to-tag=${remoteTag};from-tag=${localTag}`;
    expect((await a.request('INVITE', { to: '7', ...replacing(late) })).status).toBe(481);
  });
});

describe('REFER of a telephone', () => {
  const referTo = (value: string): { headers: [string, string][] } => ({ headers: [['Refer-To', value]] });

  it('to a number is told, and how it goes comes back by NOTIFY', async () => {
    const { call, dialog } = await inTalk(bench, a);
    dialog.send('REFER', referTo('<sip:1003@pbx.example>'));
    expect(await bench.next('call.transferAsked')).toEqual({ call, to: { number: '1003' } });
    await bench.command('call.transfer', { call, state: 'accepted', cause: 0 });
    expect((await a.nextResponse('* REFER', dialog.callId)).status).toBe(202);
    const trying = await dialog.next('NOTIFY');
    expect(trying.headers.get('Event')).toBe('refer');
    expect(trying.headers.get('Subscription-State')).toMatch(/^active/);
    expect(trying.body.toString()).toBe('SIP/2.0 100 Trying\r\n');
    a.answer(trying, 200);
    await idle(a);
    await bench.command('call.transfer', { call, state: 'alerting', cause: 0 });
    const ringing = await dialog.next('NOTIFY');
    expect(ringing.body.toString()).toBe('SIP/2.0 180 Ringing\r\n');
    a.answer(ringing, 200);
    await idle(a);
    await bench.command('call.transfer', { call, state: 'done', cause: 0 });
    const done = await dialog.next('NOTIFY');
    expect(done.body.toString()).toBe('SIP/2.0 200 OK\r\n');
    expect(done.headers.get('Subscription-State')).toBe('terminated;reason=noresource');
    a.answer(done, 200);
  });

  it('is told that it failed when the telephone has already hung up', async () => {
    const { call, dialog } = await inTalk(bench, a);
    dialog.send('REFER', referTo('<sip:1003@pbx.example>'));
    await bench.next('call.transferAsked');
    await bench.command('call.transfer', { call, state: 'accepted', cause: 0 });
    a.answer(await dialog.next('NOTIFY'), 200);
    expect((await dialog.request('BYE')).status).toBe(200);
    expect(await bench.next('call.released')).toMatchObject({ call, by: 'remote' });
    await bench.command('call.transfer', { call, state: 'failed', cause: 17 });
    const failed = await dialog.next('NOTIFY');
    expect(failed.body.toString()).toBe('SIP/2.0 486 Busy Here\r\n');
    a.answer(failed, 200);
    await idle(a);
    expect((await bench.command('statistics', {})).dialogs).toBe(0);
    // It was the last word.
    await expect(bench.command('call.transfer', { call, state: 'failed', cause: 17 })).rejects.toThrow('no call');
  });

  it('refused by call control is refused at once', async () => {
    const { call, dialog } = await inTalk(bench, a);
    dialog.send('REFER', referTo('<sip:999@pbx.example>'));
    await bench.next('call.transferAsked');
    await bench.command('call.transfer', { call, state: 'failed', cause: 1 });
    expect((await a.nextResponse('* REFER', dialog.callId)).status).toBe(404);
    expect(a.all('NOTIFY')).toEqual([]);
  });

  it('with Replaces names the other call of the telephone', async () => {
    const first = await inTalk(bench, a);
    const second = await inTalk(bench, a, '1003');
    const value = encodeURIComponent(second.dialog.replaces);
    first.dialog.send('REFER', referTo(`<sip:1003@pbx.example?Replaces=${value}>`));
    expect(await bench.next('call.transferAsked')).toEqual({ call: first.call, to: { call: second.call } });
    await bench.command('call.transfer', { call: first.call, state: 'done', cause: 0 });
    expect((await a.nextResponse('* REFER', first.dialog.callId)).status).toBe(202);
  });

  it('with Replaces of a call that nobody has is refused, and so is a second REFER before the first is done', async () => {
    const { dialog } = await inTalk(bench, a);
    const unknown = await dialog.request(
      'REFER',
      referTo('<sip:1@pbx.example?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>'),
    );
    expect(unknown.status).toBe(481);
    dialog.send('REFER', referTo('<sip:1003@pbx.example>'));
    await bench.next('call.transferAsked');
    expect((await dialog.request('REFER', referTo('<sip:1003@pbx.example>'))).status).toBe(491);
  });

  it('works in a call that the box has made', async () => {
    const { call, dialog } = await answered(bench, b, { kind: 'station', station: 1002 });
    dialog.send('REFER', referTo('<sip:1003@pbx.example>'));
    expect(await bench.next('call.transferAsked')).toEqual({ call, to: { number: '1003' } });
  });

  it('outside of a call is no call', async () => {
    expect((await a.request('REFER', { authorize: false, ...referTo('<sip:1003@pbx.example>') })).status).toBe(481);
  });
});
