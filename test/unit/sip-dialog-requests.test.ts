// What rides on a session: hanging up, digits in INFO, requests of the owner's.
import { describe, expect, it } from 'vitest';
import { twoStacks } from '../support/sip-wire-stack.js';
import { numbered } from '../support/sip-wire-calls.js';

describe('hanging up', () => {
  it('says why, and hears why', async () => {
    const two = twoStacks();
    const { out, into } = await two.established();
    out.session.end({ cause: 31, text: 'a "reason"\r\nof ours' });
    await two.advance(20);
    expect(into.session.ended?.reasons).toEqual([{ protocol: 'Q.850', cause: 31, text: 'a "reason"  of ours' }]);
    expect([out.events, into.events]).toEqual([['ended by us 31 -'], ['ended by peer 31 -']]);
    out.session.end();
    into.session.end();
    await two.advance(40_000);
    expect([two.caller.living, two.callee.living]).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(two.wire.named('BYE')).toHaveLength(1);
  });

  it('on both sides at once is no error', async () => {
    const two = twoStacks();
    const { out, into } = await two.established();
    out.session.end();
    into.session.end();
    await two.advance(40_000);
    expect([out.events, into.events]).toEqual([['ended by us 16 -'], ['ended by us 16 -']]);
    expect(two.wire.named('200 BYE')).toHaveLength(2);
    expect([two.caller.living, two.callee.living]).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
  });

  it('is over after 64*T1 when the peer says nothing', async () => {
    const { call, advance, stack } = await numbered();
    call.session.end();
    await advance(80_000);
    expect(stack.living).toEqual([0, 0, 0, 0]);
  });

  it('leaves 481 for what comes after', async () => {
    const { call, answerNext, request, statuses } = await numbered();
    call.session.end();
    await answerNext('BYE', 200);
    await request('INFO');
    await request('BYE');
    expect([...statuses('INFO'), ...statuses('BYE')]).toEqual([481, 481]);
  });
});

describe('digits that come in INFO', () => {
  it.each([
    ['application/dtmf-relay', 'Signal=5\r\nDuration=160', 'digit 5 160'],
    ['application/dtmf-relay', 'Signal= *\nDuration= 250\n', 'digit * 250'],
    ['application/dtmf-relay', 'Signal=11', 'digit # 0'],
    ['application/dtmf-relay', 'duration=999999\r\nsignal=d', 'digit D 10000'],
    ['Application/DTMF-Relay; x=y', 'Signal=0\r\nDuration=x', 'digit 0 0'],
    ['application/dtmf', '7', 'digit 7 0'],
    ['application/dtmf', '#\r\n', 'digit # 0'],
    ['application/dtmf', '12', 'digit A 0'],
  ])('%s %j', async (type, text, event) => {
    const { call, request, statuses } = await numbered();
    await request('INFO', { body: [type, text] });
    expect(statuses('INFO')).toEqual([200]);
    expect(call.events).toEqual([event]);
  });

  it.each([
    ['application/dtmf-relay', 'Signal=16', 400],
    ['application/dtmf-relay', 'Signal=', 400],
    ['application/dtmf-relay', `${'x'.repeat(5000)}\nSignal=1`, 400],
    ['application/dtmf', 'hello', 400],
    ['application/xml', '<x/>', 415],
  ])('that are none: %s %.20j', async (type, text, status) => {
    const { call, request, statuses } = await numbered();
    await request('INFO', { body: [type, text] });
    expect(statuses('INFO')).toEqual([status]);
    expect(call.events).toEqual([]);
  });

  it('take an empty INFO for a question, and know no packages', async () => {
    const { request, statuses } = await numbered();
    await request('INFO');
    await request('INFO', { headers: [['Info-Package', 'foo']] });
    expect(statuses('INFO')).toEqual([200, 469]);
  });
});

describe('digits that we send', () => {
  it('go one after the other', async () => {
    const { call, answerNext, all } = await numbered();
    const sent = ['1', '#'].map((digit) => call.session.sendDigit({ digit, durationMs: 120 }));
    await answerNext('INFO', 200);
    await answerNext('INFO', 415);
    expect(await Promise.all(sent)).toEqual([true, false]);
    expect(all('INFO').map((info) => info.body.toString())).toEqual([
      'Signal=1\r\nDuration=120\r\n',
      'Signal=#\r\nDuration=120\r\n',
    ]);
    expect(all('INFO')[0]!.headers.get('Content-Type')).toBe('application/dtmf-relay');
  });

  it('end when the session does, and are limited', async () => {
    const { call, advance } = await numbered();
    const sent = Array.from({ length: 70 }, () => call.session.sendDigit({ digit: '1', durationMs: 1 }));
    call.session.end();
    await advance(40_000);
    expect(new Set(await Promise.all(sent))).toEqual(new Set([false]));
    await expect(call.session.sendDigit({ digit: '1', durationMs: 1 })).resolves.toBe(false);
  });

  it('must be digits', async () => {
    const { call } = await numbered();
    for (const digit of ['', '12', 'E', '\r']) {
      expect(() => call.session.sendDigit({ digit, durationMs: 1 })).toThrow(RangeError);
    }
  });
});

describe('requests of the owner', () => {
  it('go in the dialog and come to the owner of the other end', async () => {
    const two = twoStacks();
    const { out } = await two.established();
    const sent = out.session.sendRequest('MESSAGE', [['Content-Type', 'text/plain']], Buffer.from('hello'));
    await two.advance(20);
    expect(await sent).toMatchObject({ response: { status: 405 } });
    const heard: string[] = [];
    two.callee.otherRequest = (transaction) => {
      heard.push(transaction.request.body.toString());
      transaction.respond(transaction.response(200));
      return true;
    };
    const again = out.session.sendRequest('MESSAGE', [['Content-Type', 'text/plain']], Buffer.from('hello'));
    await two.advance(20);
    expect(await again).toMatchObject({ response: { status: 200 } });
    expect(heard).toEqual(['hello']);
  });

  it('end the session when the peer does not know it (RFC 5057)', async () => {
    const { call, answerNext } = await numbered();
    const sent = call.session.sendRequest('INFO');
    await answerNext('INFO', 481);
    expect(await sent).toMatchObject({ response: { status: 481 } });
    expect(call.events).toEqual(['ended by fault 41 -']);
    expect(await call.session.sendRequest('INFO')).toEqual({ failure: 'ended' });
  });

  it('fail by themselves when they are not answered', async () => {
    const { call, advance } = await numbered();
    const sent = call.session.sendRequest('MESSAGE');
    await advance(33_000);
    expect(await sent).toEqual({ failure: 'timeout' });
    expect(call.session.state).toBe('confirmed');
  });
});
