// Calls through the whole stack, over UDP, from the offer to the release.
import { beforeEach, describe, expect, it } from 'vitest';
import { sdp, type SipPhone } from '../support/sip-phone.js';
import { StackBench, stationOf } from '../support/sip-stack-bench.js';
import { MEDIA, answered, callsIn, dialled, idle, inTalk } from '../support/sip-stack-calls.js';

let bench: StackBench;
let phone: SipPhone;

beforeEach(async () => {
  bench = await StackBench.start();
  phone = await bench.phone(1002);
});

const port = (body: Buffer): number => Number(/m=audio (\d+)/.exec(body.toString())?.[1]);
const toPhone = { kind: 'station', station: 1002 } as const;
const living = async (): Promise<number[]> => {
  const { calls, dialogs } = await bench.command('statistics', {});
  return [calls, dialogs];
};

it('who has heard that he is registered is known before he can be called', () => {
  expect(bench.all('bindings.changed')).toMatchObject([{ station: 1002, bindings: [{}] }]);
});

describe('a call that comes in', () => {
  it('is offered, rings, is answered and released', async () => {
    const { offered, call, invite } = await callsIn(bench, phone, '0571-8888');
    expect(offered).toMatchObject({
      ...{ origin: { kind: 'station', station: 1002 }, calledNumber: '05718888', callingNumber: '1002' },
      ...{ callingName: 'Phone 1002', remote: { address: '127.0.0.1', port: phone.port } },
      ...{ signallingAddress: '127.0.0.1', replaces: undefined },
    });
    await bench.command('call.alert', { call, early: false });
    const ringing = await phone.nextResponse('180 INVITE', invite.callId);
    expect(ringing.body).toHaveLength(0);
    await bench.command('call.answer', { call });
    const answer = await phone.nextResponse('200 INVITE', invite.callId);
    expect(port(answer.body)).toBe(20_000);
    expect(answer.toTag).toBe(ringing.toTag);
    const dialog = phone.dialog(invite, answer);
    dialog.send('ACK');
    expect(await bench.next('call.mediaChanged')).toMatchObject({
      call,
      media: { remotePort: phone.port, codec: { name: 'PCMA' }, direction: 'sendrecv' },
    });
    await bench.command('call.release', { call, cause: 16 });
    const bye = await dialog.next('BYE');
    expect(bye.headers.get('Reason')).toContain('Q.850;cause=16');
    phone.answer(bye, 200);
    expect(await bench.next('call.released')).toEqual({ call, cause: 16, by: 'local' });
    await idle(phone);
    expect(await living()).toEqual([0, 0]);
  });

  it('is refused with the status of the cause', async () => {
    const { call, invite } = await callsIn(bench, phone);
    await bench.command('call.release', { call, cause: 17 });
    const refusal = await phone.nextResponse('* INVITE', invite.callId);
    expect([refusal.status, refusal.headers.get('Reason')]).toEqual([486, expect.stringContaining('cause=17')]);
    phone.ack(invite, refusal);
    await idle(phone);
    expect(await living()).toEqual([0, 0]);
  });

  it('is cancelled', async () => {
    const { call, invite } = await callsIn(bench, phone);
    await bench.command('call.alert', { call, early: false });
    await phone.nextResponse('180 INVITE', invite.callId);
    phone.cancel(invite);
    expect((await phone.nextResponse('* CANCEL', invite.callId)).status).toBe(200);
    const refusal = await phone.nextResponse('* INVITE', invite.callId);
    expect(refusal.status).toBe(487);
    phone.ack(invite, refusal);
    expect(await bench.next('call.released')).toMatchObject({ call, by: 'remote' });
    await idle(phone);
    expect(await living()).toEqual([0, 0]);
  });

  it('hears something before the answer, which is acknowledged with PRACK', async () => {
    const { call, invite } = await callsIn(bench, phone, '1003', { headers: [['Supported', '100rel']] });
    await bench.command('call.alert', { call, early: true });
    const early = await phone.nextResponse('183 INVITE', invite.callId);
    expect(early.headers.get('Require')).toBe('100rel');
    expect(port(early.body)).toBe(20_000);
    const dialog = phone.dialog(invite, early);
    const rack = `${early.headers.get('RSeq')} ${invite.cseq.number} INVITE`;
    // The answer waits for it.
    const taken = bench.command('call.answer', { call });
    expect((await dialog.request('PRACK', { headers: [['RAck', rack]] })).status).toBe(200);
    await taken;
    const answer = await phone.nextResponse('200 INVITE', invite.callId);
    expect(answer.body).toHaveLength(0);
    dialog.send('ACK', { cseq: invite.cseq.number });
    expect((await dialog.request('PRACK', { headers: [['RAck', rack]] })).status).toBe(481);
  });

  it('without common media is refused before anybody hears of it', async () => {
    const invite = await phone.ask('INVITE', { to: '1003', sdp: sdp(phone.port, { codecs: '18' }) });
    expect((await phone.nextResponse('* INVITE', invite.callId)).status).toBe(488);
    expect(bench.all('call.offered')).toEqual([]);
  });

  it('without an offer is offered ours, and answered in the ACK', async () => {
    const invite = await phone.ask('INVITE', { to: '1003' });
    const offered = await bench.next('call.offered');
    expect(offered.remote).toBeUndefined();
    await bench.command('call.answer', { call: offered.call });
    const answer = await phone.nextResponse('200 INVITE', invite.callId);
    expect(port(answer.body)).toBe(20_000);
    phone.dialog(invite, answer).send('ACK', { sdp: sdp(4000) });
    expect((await bench.next('call.mediaChanged')).media).toMatchObject({ remotePort: 4000 });
  });

  it('above what its station may have at once is refused', async () => {
    await bench.command('station.set', stationOf(1002, { maxCalls: 1 }));
    await callsIn(bench, phone);
    expect((await phone.request('INVITE', { to: '1003', sdp: sdp(1) })).status).toBe(486);
  });

  it('that is never acknowledged ends', async () => {
    const { call, invite } = await callsIn(bench, phone);
    await bench.command('call.answer', { call });
    await phone.nextResponse('200 INVITE', invite.callId);
    await bench.clock.advance(32_000);
    expect(await bench.next('call.released')).toEqual({ call, cause: 102, by: 'fault' });
    expect((await phone.nextRequest('BYE', invite.callId)).cseq.number).toBe(1);
  });
});

describe('a call that goes out', () => {
  it('rings every telephone of the station, and the first that answers has it', async () => {
    const second = await bench.phone(1002);
    const { call, invite } = await dialled(bench, phone, toPhone);
    const other = await second.nextRequest('INVITE');
    expect(invite.from).toMatchObject({ displayName: 'Caller', uri: { user: '13800138000' } });
    expect(invite.uri).toMatchObject({ user: '1002', port: phone.port });
    phone.answer(invite, 180);
    second.answer(other, 180);
    expect(await bench.next('call.progressed')).toEqual({ call, progress: 'alerting' });
    phone.answer(invite, 200, { sdp: sdp(phone.port) });
    expect(await bench.next('call.answered')).toEqual({ call });
    await phone.nextRequest('ACK');
    const cancel = await second.nextRequest('CANCEL');
    expect(cancel.headers.get('Reason')).toContain('cause=26');
    second.answer(cancel, 200);
    second.answer(other, 487);
    await second.nextRequest('ACK');
    expect((await bench.next('call.mediaChanged')).media).toMatchObject({ remotePort: phone.port });
    expect((await living())[0]).toBe(1);
  });

  it('tells of early media', async () => {
    const { call, invite } = await dialled(bench, phone, toPhone);
    expect(port(invite.body)).toBe(MEDIA.rtpPort);
    phone.answer(invite, 183, {
      sdp: sdp(4002),
      headers: [
        ['Require', '100rel'],
        ['RSeq', '7'],
      ],
    });
    const prack = await phone.nextRequest('PRACK');
    expect(prack.headers.get('RAck')).toBe(`7 ${invite.cseq.number} INVITE`);
    phone.answer(prack, 200);
    expect(await bench.next('call.progressed')).toEqual({ call, progress: 'inband' });
    expect((await bench.next('call.mediaChanged')).media).toMatchObject({ remotePort: 4002 });
  });

  it('is refused with the cause of the status, and a busy telephone says more than a silent one', async () => {
    const second = await bench.phone(1002);
    const { call, invite } = await dialled(bench, phone, toPhone);
    const other = await second.nextRequest('INVITE');
    second.answer(other, 486);
    phone.answer(invite, 480);
    expect(await bench.next('call.released')).toEqual({ call, cause: 17, by: 'remote' });
  });

  it('is taken back before anybody answers', async () => {
    const { call, invite } = await dialled(bench, phone, toPhone);
    phone.answer(invite, 180);
    await bench.next('call.progressed');
    await bench.command('call.release', { call, cause: 16 });
    phone.answer(await phone.nextRequest('CANCEL'), 200);
    const refusal = phone.answer(invite, 487);
    expect((await phone.nextRequest('ACK')).toTag).toBe(refusal.toTag);
    await idle(phone);
    expect(await living()).toEqual([0, 0]);
  });

  it('to a station that has no telephone is not begun', async () => {
    const dial = { callingNumber: '1', callingName: '', anonymous: false, media: MEDIA };
    const to = (station: number) => bench.command('call.dial', { ...dial, target: { kind: 'station', station } });
    await expect(to(1003)).rejects.toMatchObject({ code: 'unreachable' });
    await expect(to(4711)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a call in talk', () => {
  it('is put on hold and taken back by its telephone', async () => {
    const { call, dialog } = await inTalk(bench, phone);
    const held = await dialog.request('INVITE', { sdp: sdp(phone.port, { direction: 'sendonly', version: 2 }) });
    expect([held.status, held.body.toString()]).toEqual([200, expect.stringContaining('a=recvonly')]);
    dialog.send('ACK');
    expect(await bench.next('call.held')).toEqual({ call });
    const back = await dialog.request('INVITE', { sdp: sdp(phone.port, { version: 3 }) });
    expect(back.body.toString()).toContain('a=sendrecv');
    dialog.send('ACK');
    expect(await bench.next('call.retrieved')).toEqual({ call });
    expect(bench.all('call.mediaChanged').map(({ media }) => media.direction)).toEqual([
      ...['sendrecv', 'recvonly', 'sendrecv'],
    ]);
  });

  it('keeps what it has when a change cannot be agreed', async () => {
    const { dialog } = await inTalk(bench, phone);
    const refused = await dialog.request('INVITE', { sdp: sdp(phone.port, { codecs: '18', version: 2 }) });
    expect(refused.status).toBe(488);
    expect(bench.all('call.mediaChanged')).toHaveLength(1);
    expect(bench.all('call.released')).toEqual([]);
  });

  it('is offered anew when its stream gets another port', async () => {
    const { call, dialog } = await inTalk(bench, phone);
    await bench.command('call.media', { call, media: { rtpPort: 20_500, rtcpPort: 20_501 } });
    const again = await dialog.next('INVITE');
    expect(port(again.body)).toBe(20_500);
    phone.answer(again, 200, { sdp: sdp(phone.port, { version: 2 }) });
    await dialog.next('ACK');
    expect(bench.all('call.released')).toEqual([]);
  });

  it('is offered anew when the port changed while it rang', async () => {
    const { call, invite } = await dialled(bench, phone, toPhone);
    await bench.command('call.media', { call, media: { rtpPort: 20_500, rtcpPort: 20_501 } });
    phone.answer(invite, 200, { sdp: sdp(phone.port) });
    await phone.nextRequest('ACK');
    const again = await phone.nextRequest('INVITE', invite.callId);
    expect(port(again.body)).toBe(20_500);
  });

  it('is offered anew when the port changed under early media', async () => {
    const { call, invite } = await callsIn(bench, phone);
    await bench.command('call.alert', { call, early: true });
    expect(port((await phone.nextResponse('183 INVITE', invite.callId)).body)).toBe(20_000);
    await bench.command('call.media', { call, media: { rtpPort: 20_500, rtcpPort: 20_501 } });
    await bench.command('call.answer', { call });
    const answer = await phone.nextResponse('200 INVITE', invite.callId);
    const dialog = phone.dialog(invite, answer);
    dialog.send('ACK');
    expect(port((await dialog.next('INVITE')).body)).toBe(20_500);
  });

  it('refuses a change that crosses ours, and tries ours again', async () => {
    const { call, dialog } = await inTalk(bench, phone);
    await bench.command('call.media', { call, media: { rtpPort: 20_500, rtcpPort: 20_501 } });
    const ours = await dialog.next('INVITE');
    const theirs = await dialog.request('INVITE', { sdp: sdp(4004, { version: 2 }) });
    expect(theirs.status).toBe(491);
    dialog.send('ACK');
    phone.answer(ours, 491);
    await dialog.next('ACK');
    await bench.clock.advance(4000);
    expect(port((await dialog.next('INVITE')).body)).toBe(20_500);
  });

  it('brings digits by INFO', async () => {
    const { call, dialog } = await inTalk(bench, phone);
    const relay = (signal: string): readonly [string, string] => [
      'application/dtmf-relay',
      `Signal=${signal}\r\nDuration=160\r\n`,
    ];
    expect((await dialog.request('INFO', { body: relay('5') })).status).toBe(200);
    expect((await dialog.request('INFO', { body: ['application/dtmf', '11'] })).status).toBe(200);
    expect((await dialog.request('INFO', { body: relay('x') })).status).toBe(400);
    expect((await dialog.request('INFO', { body: ['text/plain', '5'] })).status).toBe(415);
    expect(bench.all('call.digit')).toEqual([
      { call, digit: '5' },
      { call, digit: '#' },
    ]);
    expect(await bench.command('call.digit', { call, digit: '9', durationMs: 120 })).toEqual({ taken: false });
  });

  it('sends digits by INFO to a telephone that takes them so', async () => {
    await bench.command('station.set', stationOf(1002, { dtmf: 'info' }));
    const { call, dialog } = await inTalk(bench, phone);
    const sent = bench.command('call.digit', { call, digit: '9', durationMs: 120 });
    const info = await dialog.next('INFO');
    expect([info.headers.get('Content-Type'), info.body.toString()]).toEqual([
      ...['application/dtmf-relay', 'Signal=9\r\nDuration=120\r\n'],
    ]);
    phone.answer(info, 200);
    expect(await sent).toEqual({ taken: true });
  });

  it('ends when its telephone, which is to refresh it, does not', async () => {
    const { call, answer, dialog } = await inTalk(bench, phone, '1003', {
      headers: [
        ['Supported', 'timer'],
        ['Session-Expires', '90;refresher=uac'],
      ],
    });
    expect(answer.headers.get('Session-Expires')).toBe('90;refresher=uac');
    await bench.clock.advance(59_000);
    expect(bench.all('call.released')).toEqual([]);
    const refreshed = await dialog.request('UPDATE', {
      headers: [
        ['Supported', 'timer'],
        ['Session-Expires', '90;refresher=uac'],
      ],
    });
    expect(refreshed.status).toBe(200);
    await bench.clock.advance(59_000);
    expect(bench.all('call.released')).toEqual([]);
    await bench.clock.advance(1100);
    expect(await bench.next('call.released')).toEqual({ call, cause: 102, by: 'fault' });
    await dialog.next('BYE');
  });

  it('is refreshed by us when that is our part', async () => {
    const { dialog } = await answered(bench, phone, toPhone, [
      ['Session-Expires', '90;refresher=uac'],
      ['Require', 'timer'],
      ['Allow', 'INVITE, ACK, BYE, UPDATE'],
    ]);
    await bench.clock.advance(45_000);
    const refresh = await dialog.next('UPDATE');
    expect(refresh.headers.get('Session-Expires')).toBe('90;refresher=uac');
  });

  it('ends when its telephone hangs up', async () => {
    const { call, dialog } = await inTalk(bench, phone);
    expect((await dialog.request('BYE', { headers: [['Reason', 'Q.850;cause=31']] })).status).toBe(200);
    expect(await bench.next('call.released')).toEqual({ call, cause: 31, by: 'remote' });
    expect((await dialog.request('BYE')).status).toBe(481);
    expect(await living()).toEqual([0, 0]);
  });

  it('ends with BYE when the box stops', async () => {
    const { dialog } = await inTalk(bench, phone);
    const stopped = bench.stop();
    const bye = await dialog.next('BYE');
    expect(bye.headers.get('Reason')).toContain('cause=38');
    phone.answer(bye, 200);
    await stopped;
  });
});
