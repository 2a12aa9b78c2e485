// Text between stations (RFC 3428) through the whole stack.
import { beforeEach, describe, expect, it } from 'vitest';
import type { SipPhone } from '../support/sip-phone.js';
import { inTalk } from '../support/sip-stack-calls.js';
import { DOMAIN, StackBench, stationOf } from '../support/sip-stack-bench.js';

let bench: StackBench;
let sender: SipPhone;

beforeEach(async () => {
  bench = await StackBench.start({
    stations: [
      stationOf(1001, { name: 'Wang "W" Li' }),
      stationOf(1002),
      stationOf(1003),
      stationOf(1004, { enabled: false }),
    ],
  });
  sender = await bench.phone(1001);
});

const text = (words = 'lunch?'): { to: string; body: readonly [string, string] } => ({
  to: '1002',
  body: ['text/plain', words],
});

describe('text from a station', () => {
  it('comes to every telephone of the callee under the name of its sender, and is answered when one has it', async () => {
    const phones = [await bench.phone(1002), await bench.phone(1002)];
    const sent = await sender.ask('MESSAGE', {
      ...text('吃饭吗?'),
      headers: [
        ['P-Asserted-Identity', '<sip:boss@example.org>'],
        ['X-Secret', 'no'],
      ],
    });
    const [one, other] = await Promise.all(phones.map((phone) => phone.nextRequest('MESSAGE')));
    for (const copy of [one!, other!]) {
      expect(copy.from.uri).toMatchObject({ user: '1001', host: DOMAIN });
      expect(copy.from.displayName).toBe('Wang "W" Li');
      expect(copy.headers.get('P-Asserted-Identity')).toContain(`<sip:1001@${DOMAIN}>`);
      expect(copy.headers.has('X-Secret')).toBe(false);
      expect(copy.callId).not.toBe(sent.callId);
      expect([copy.headers.get('Content-Type'), copy.body.toString()]).toEqual(['text/plain', '吃饭吗?']);
    }
    phones[0]!.answer(one!, 486);
    phones[1]!.answer(other!, 200);
    expect((await sender.nextResponse('* MESSAGE', sent.callId)).status).toBe(200);
  });

  it('that every telephone refuses comes back with what says most', async () => {
    const phones = [await bench.phone(1002), await bench.phone(1002)];
    const sent = await sender.ask('MESSAGE', text());
    phones[0]!.answer(await phones[0]!.nextRequest('MESSAGE'), 480);
    phones[1]!.answer(await phones[1]!.nextRequest('MESSAGE'), 415);
    expect((await sender.nextResponse('* MESSAGE', sent.callId)).status).toBe(415);
  });

  it('that no telephone answers is given up before the sender does', async () => {
    const phone = await bench.phone(1002);
    const sent = await sender.ask('MESSAGE', text());
    await phone.nextRequest('MESSAGE');
    await bench.clock.advance(10_000);
    expect((await sender.nextResponse('* MESSAGE', sent.callId)).status).toBe(480);
  });

  it('to a station without a telephone is refused, and to one that is not there or may do nothing', async () => {
    expect((await sender.request('MESSAGE', { ...text(), to: '1003' })).status).toBe(480);
    expect((await sender.request('MESSAGE', { ...text(), to: '4711' })).status).toBe(404);
    expect((await sender.request('MESSAGE', { ...text(), to: '1004' })).status).toBe(404);
    expect((await sender.request('MESSAGE', { ...text(), to: 'x'.repeat(40) })).status).toBe(404);
  });

  it('that is longer than a datagram takes is refused', async () => {
    await bench.phone(1002);
    expect((await sender.request('MESSAGE', text('x'.repeat(1301)))).status).toBe(413);
    expect((await sender.request('MESSAGE', text('x'.repeat(1200)))).status).toBe(413);
  });

  it('of a kind that telephones do not show is refused', async () => {
    const refused = await sender.request('MESSAGE', { to: '1002', body: ['application/octet-stream', 'x'] });
    expect([refused.status, refused.headers.get('Accept')]).toEqual([415, expect.stringContaining('text/plain')]);
    expect((await sender.request('MESSAGE', { to: '1002' })).status).toBe(415);
  });

  it('under the name of another is refused, and without credentials challenged', async () => {
    const phone = await bench.phone(1002);
    expect((await sender.request('MESSAGE', { ...text(), from: '1003' })).status).toBe(403);
    expect((await sender.request('MESSAGE', { ...text(), authorize: false })).status).toBe(401);
    expect(phone.all('MESSAGE')).toEqual([]);
  });

  it('in a call is refused, and the call goes on', async () => {
    const { dialog } = await inTalk(bench, sender);
    const refused = await dialog.request('MESSAGE', { body: ['text/plain', 'x'] });
    expect([refused.status, refused.headers.has('Allow')]).toEqual([405, true]);
    expect(bench.all('call.released')).toEqual([]);
  });

  it('in a flood is turned away while the first of it waits', async () => {
    const phone = await bench.phone(1002);
    const sent = await Promise.all(Array.from({ length: 10 }, () => sender.ask('MESSAGE', text())));
    for (const _one of sent) await phone.nextRequest('MESSAGE');
    const more = await sender.request('MESSAGE', text());
    expect([more.status, more.headers.get('Retry-After')]).toEqual([503, '5']);
    await bench.clock.advance(10_000);
    const again = await sender.ask('MESSAGE', text('again'));
    // Copies of the others come too.
    let copy = await phone.nextRequest('MESSAGE');
    while (copy.body.toString() !== 'again') copy = await phone.nextRequest('MESSAGE');
    phone.answer(copy, 200);
    expect((await sender.nextResponse('* MESSAGE', again.callId)).status).toBe(200);
  });
});
