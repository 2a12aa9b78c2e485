// Telephones that answer an INVITE with 3xx: where they send the call on is told, and nothing is ever sent there.
import { beforeEach, describe, expect, it } from 'vitest';
import type { StackEvents } from '../../daemon/src/sip/stack/index.js';
import type { SipPhone } from '../support/sip-phone.js';
import { StackBench } from '../support/sip-stack-bench.js';
import { MEDIA, dialled, idle } from '../support/sip-stack-calls.js';

let bench: StackBench;
let phone: SipPhone;

beforeEach(async () => {
  bench = await StackBench.start({ callsPerHour: 3 });
  phone = await bench.phone(1002);
});

const toPhone = { kind: 'station', station: 1002 } as const;

/** The box calls 1002, which answers so. */
async function sendsOn(
  status: number,
  contacts: readonly string[],
  forwards = true,
): Promise<StackEvents['call.released']> {
  const { call, invite } = await dialled(bench, phone, toPhone, { forwards });
  phone.answer(invite, status, { headers: contacts.map((contact) => ['Contact', contact] as const) });
  await phone.nextRequest('ACK', invite.callId);
  const released = await bench.next('call.released');
  expect(released.call).toBe(call);
  return released;
}

describe('a telephone that answers with 3xx', () => {
  it.each([300, 301, 302, 305])('%i tells where its call goes on to', async (status) => {
    const contact = `<sip:0571-8888;phone-context=x@127.0.0.1:${phone.port}>`;
    expect(await sendsOn(status, [contact])).toMatchObject({ cause: 17, by: 'remote', forwardedTo: ['05718888'] });
    // The number alone counts: nothing is sent to the place.
    await idle(phone);
    expect(phone.all('INVITE')).toHaveLength(1);
    expect((await bench.command('statistics', {})).calls).toBe(0);
  });

  it.each([
    ['several, the best first', ['<sip:1@x>;q=0.2', '<sip:2@x>;q=0.9', '<sip:3@x>;q=0.5'], ['2', '3', '1']],
    ['equals in their order', ['<sip:1@x>, <sip:2@x>', '<sip:3@x>;q=1'], ['1', '2', '3']],
    ['each number once', ['<sip:1@x>;q=0.2', '<sip:1@y>;q=0.9', '<tel:1>'], ['1']],
    ['five at most', Array.from({ length: 9 }, (_, i) => `<sip:${i}@x>;q=0.${i}`), ['8', '7', '6', '5', '4']],
    ['one with a number', ['<sip:x>;q=0.9', '<https://x/1>;q=0.8', '<tel:+86-571-8888>;q=0.1'], ['+865718888']],
    ['digits that are escaped', ['<sip:%31%30%30%33@x>'], ['1003']],
  ])('%s: it is meant so', async (_what, contacts, forwardedTo) => {
    expect(await sendsOn(302, contacts)).toMatchObject({ forwardedTo });
  });

  it.each([
    ['without a contact', 302, []],
    ['with none that has a number', 302, ['<sip:10.0.0.1>', '<mailto:a@b.example>']],
    ['that is no forwarding', 380, ['<sip:1003@x>']],
  ])('%s is busy', async (_what, status, contacts) => {
    const released = await sendsOn(status, contacts);
    expect(released).toEqual({ call: released.call, cause: 17, by: 'remote' });
  });

  it('is busy where that is not to be followed, and it costs it nothing', async () => {
    for (let i = 0; i < 5; i += 1)
      expect(await sendsOn(302, ['<sip:1003@x>'], false)).toMatchObject({ cause: 17, by: 'remote' });
    expect(bench.all('call.released').every(({ forwardedTo }) => forwardedTo === undefined)).toBe(true);
    expect(await sendsOn(302, ['<sip:1003@x>'])).toMatchObject({ forwardedTo: ['1003'] });
  });

  it('may send on as many calls within an hour as it may begin', async () => {
    for (let i = 0; i < 3; i += 1)
      expect(await sendsOn(302, ['<sip:1003@x>'])).toMatchObject({ forwardedTo: ['1003'] });
    const refused = await sendsOn(302, ['<sip:1003@x>']);
    expect(refused).toEqual({ call: refused.call, cause: 17, by: 'remote' });
    const own = await phone.request('INVITE', { to: '1003' });
    expect([own.status, own.headers.get('Retry-After')]).toEqual([503, '60']);
  });

  it('stops the other telephones of its station', async () => {
    const second = await bench.phone(1002);
    const { call, invite } = await dialled(bench, phone, toPhone, { forwards: true });
    const other = await second.nextRequest('INVITE');
    second.answer(other, 180);
    await bench.next('call.progressed');
    phone.answer(invite, 302, { headers: [['Contact', '<sip:1003@x>']] });
    expect(await bench.next('call.released')).toMatchObject({ call, forwardedTo: ['1003'] });
    const cancel = await second.nextRequest('CANCEL');
    expect(cancel.headers.get('Reason')).toContain('cause=26');
    second.answer(cancel, 200);
    second.answer(other, 487);
    await second.nextRequest('ACK');
    expect(bench.all('call.released')).toHaveLength(1);
  });

  it.each([
    [603, { cause: 21, globalFailure: true }],
    [486, { cause: 17, globalFailure: undefined }],
  ])('says with %i whether others are to be tried', async (status, told) => {
    const { invite } = await dialled(bench, phone, toPhone, {});
    phone.answer(invite, status);
    await phone.nextRequest('ACK', invite.callId);
    const { cause, globalFailure } = await bench.next('call.released');
    expect({ cause, globalFailure }).toEqual(told);
  });

  it('is told who has sent a call on to it', async () => {
    const { invite } = await dialled(bench, phone, toPhone, { divertedFrom: '1001' });
    expect(invite.headers.get('Diversion')).toContain('sip:1001@');
  });
});

it('a carrier never sends us on to a number', async () => {
  const carrier = await bench.carrier('a');
  const target = { kind: 'trunk', trunk: 'a', number: '1' } as const;
  const { call } = await bench.command('call.dial', {
    ...{ target, callingNumber: '1', callingName: '', anonymous: false, media: MEDIA, forwards: true },
  });
  const invite = await carrier.nextRequest('INVITE');
  carrier.answer(invite, 302, { headers: [['Contact', '<sip:900@x>']] });
  await carrier.nextRequest('ACK');
  expect(await bench.next('call.released')).toEqual({ call, cause: 127, by: 'remote' });
});
