// Subscriptions of ours: kept up, taken up again, and given up when the other side says so.
import { describe, expect, it } from 'vitest';
import { EventSubscriber, type SubscribeResult, type SubscriberState } from '../../daemon/src/sip/events/index.js';
import { newRequest, type SipRequest } from '../../daemon/src/sip/message/index.js';
import { FakeClock } from '../support/clock-fake.js';

function notify(
  state: string | undefined,
  { event = 'message-summary', body = '', type = 'application/simple-message-summary' } = {},
) {
  const headers: [string, string][] = [['Event', event]];
  if (state !== undefined) headers.push(['Subscription-State', state]);
  if (body !== '') headers.push(['Content-Type', type]);
  return newRequest({ method: 'NOTIFY', uri: 'sip:us@192.0.2.1', headers, body: Buffer.from(body) });
}

function watcher(answers: (SubscribeResult | undefined)[] = []) {
  const clock = new FakeClock();
  const sent: [atMs: number, expiresS: number, fresh: boolean][] = [];
  const bodies: string[] = [];
  const states: SubscriberState[] = [];
  const subscriber = new EventSubscriber({
    clock,
    event: 'message-summary',
    contentType: 'application/simple-message-summary',
    expiresS: 3600,
    send: (expiresS, fresh) => {
      sent.push([clock.monotonicMs(), expiresS, fresh]);
      const answer = answers.length > 0 ? answers.shift() : { status: 200, expiresS };
      return answer === undefined ? new Promise(() => undefined) : Promise.resolve(answer);
    },
    received: (body) => void bodies.push(body.toString()),
    changed: (state) => void states.push(state),
    random: () => 0.5,
  });
  const tell = (request: SipRequest): number => subscriber.notify(request);
  const begin = async (): Promise<void> => {
    subscriber.start();
    await clock.advance(0);
    expect(tell(notify('active;expires=3600', { body: 'Messages-Waiting: no\r\n' }))).toBe(200);
  };
  return { clock, sent, bodies, states, subscriber, tell, begin };
}

describe('a subscription of ours', () => {
  it('begins, is told of changes, and is refreshed in its dialog before it expires', async () => {
    const { clock, sent, bodies, states, tell, begin } = watcher();
    await begin();
    expect(tell(notify('active;expires=3600', { body: 'Messages-Waiting: yes\r\n' }))).toBe(200);
    expect(bodies).toEqual(['Messages-Waiting: no\r\n', 'Messages-Waiting: yes\r\n']);
    await clock.advance(3_539_999);
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    expect(sent).toEqual([
      [0, 3600, true],
      [3_540_000, 3600, false],
    ]);
    await clock.advance(3_540_000);
    expect(sent).toHaveLength(3);
    expect(states).toEqual(['trying', 'active']);
  });

  it('follows a shorter time that the notifier grants, in the answer or in a NOTIFY', async () => {
    const { clock, sent, tell, begin } = watcher([
      { status: 200, expiresS: 3600 },
      { status: 200, expiresS: 120 },
    ]);
    await begin();
    tell(notify('active;expires=200'));
    await clock.advance(150_000);
    expect(sent.slice(1)).toEqual([[150_000, 3600, false]]);
    await clock.advance(90_000);
    expect(sent.slice(2)).toEqual([[240_000, 3600, false]]);
    tell(notify('active;expires=0'));
    await clock.advance(4999);
    expect(sent).toHaveLength(3);
  });

  it('is known by a NOTIFY that overtakes the answer', async () => {
    const { clock, tell, subscriber, sent } = watcher([undefined]);
    subscriber.start();
    expect(tell(notify('active;expires=600'))).toBe(200);
    expect(subscriber.state).toBe('active');
    await clock.advance(540_000);
    expect(sent).toHaveLength(2);
  });

  it('without a NOTIFY within 32 seconds is tried again later', async () => {
    const { clock, sent, subscriber, tell } = watcher();
    subscriber.start();
    await clock.advance(32_000);
    expect(subscriber.state).toBe('waiting');
    expect(tell(notify('active'))).toBe(481);
    await clock.advance(30_000);
    expect(sent).toEqual([
      [0, 3600, true],
      [62_000, 3600, true],
    ]);
  });

  it('is stopped with Expires: 0, and hears nothing more', async () => {
    const { clock, sent, subscriber, tell, begin, bodies } = watcher();
    await begin();
    subscriber.stop();
    expect(sent.at(-1)).toEqual([0, 0, false]);
    expect(tell(notify('active', { body: 'x' }))).toBe(481);
    expect(bodies).toHaveLength(1);
    expect([subscriber.state, clock.timers]).toEqual(['idle', 0]);
    await clock.advance(10_000_000);
    expect(sent).toHaveLength(2);
    subscriber.stop();
    expect(sent).toHaveLength(2);
    subscriber.start();
    expect(sent).toHaveLength(3);
    subscriber.start();
    expect(sent).toHaveLength(3);
  });

  it('takes no answer to what it has given up', async () => {
    const clock = new FakeClock();
    let answer = (_: SubscribeResult): void => undefined;
    const subscriber = new EventSubscriber({
      ...{ clock, event: 'reg', contentType: 'application/reginfo+xml', expiresS: 600, received: () => undefined },
      send: () => new Promise((resolve) => (answer = resolve)),
    });
    subscriber.start();
    const late = answer;
    subscriber.stop();
    late({ status: 503 });
    await clock.advance(0);
    expect([subscriber.state, clock.timers]).toEqual(['idle', 0]);
  });
});

describe('what a NOTIFY must be', () => {
  it('is of this event, with a state and a body that can be read', async () => {
    const { tell, begin, bodies } = watcher();
    await begin();
    expect(tell(notify('active', { event: 'dialog' }))).toBe(489);
    expect(tell(notify(undefined))).toBe(400);
    expect(tell(notify('gone'))).toBe(400);
    expect(tell(notify('active', { body: '<x/>', type: 'text/xml' }))).toBe(415);
    expect(tell(notify('active', { body: 'ok', type: 'Application/Simple-Message-Summary; charset=utf-8' }))).toBe(200);
    expect(tell(notify('active', { event: 'message-summary;id=4' }))).toBe(200);
    expect(bodies).toEqual(['Messages-Waiting: no\r\n', 'ok']);
  });
});

describe('an end', () => {
  it('that means another try is followed by one, not sooner than five seconds after the last', async () => {
    for (const reason of ['deactivated', 'timeout']) {
      const { clock, sent, tell, begin, states } = watcher();
      await begin();
      await clock.advance(60_000);
      expect(tell(notify(`terminated;reason=${reason}`))).toBe(200);
      expect(sent).toHaveLength(2);
      expect(sent[1]).toEqual([60_000, 3600, true]);
      // A notifier that does nothing else.
      for (let n = 0; n < 10; n++) {
        await clock.advance(0);
        tell(notify(`terminated;reason=${reason}`));
      }
      expect(sent).toHaveLength(2);
      await clock.advance(5000);
      expect(sent).toHaveLength(3);
      expect(states.slice(0, 4)).toEqual(['trying', 'active', 'trying', 'waiting']);
    }
  });

  it('with a time to wait is followed by another try then', async () => {
    const { clock, sent, tell, begin } = watcher();
    await begin();
    tell(notify('terminated;reason=probation;retry-after=300'));
    await clock.advance(299_999);
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    expect(sent).toHaveLength(2);
    tell(notify('terminated;reason=giveup'));
    await clock.advance(60_000);
    expect(sent).toHaveLength(3);
  });

  it('for good is final, until somebody starts it anew', async () => {
    for (const reason of ['rejected', 'noresource', 'invariant']) {
      const { clock, sent, tell, begin, subscriber } = watcher();
      await begin();
      tell(notify(`terminated;reason=${reason}`));
      expect(subscriber.state).toBe('refused');
      await clock.advance(10_000_000);
      expect(sent).toHaveLength(1);
      expect(clock.timers).toBe(0);
      subscriber.start();
      expect(sent).toHaveLength(2);
    }
  });
});

describe('a SUBSCRIBE', () => {
  it('that is refused for good is not repeated', async () => {
    for (const status of [403, 404, 489, 603]) {
      const { clock, sent, subscriber } = watcher([{ status }]);
      subscriber.start();
      await clock.advance(10_000_000);
      expect([subscriber.state, sent.length], String(status)).toEqual(['refused', 1]);
    }
  });

  it('that fails is repeated ever more slowly, and as late as the peer wants', async () => {
    const { clock, sent, subscriber } = watcher(Array.from({ length: 12 }, () => ({ status: 503 })));
    subscriber.start();
    await clock.advance(20_000_000);
    const gaps = sent.slice(1, 10).map(([atMs], n) => (atMs - sent[n]![0]) / 1000);
    expect(gaps).toEqual([30, 60, 120, 240, 480, 960, 1800, 1800, 1800]);
    const { clock: other, sent: again, subscriber: patient } = watcher([{ status: 503, retryAfterS: 100 }]);
    patient.start();
    await other.advance(100_000);
    expect(again.map(([atMs]) => atMs)).toEqual([0, 100_000]);
  });

  it('that fails once it has worked again is repeated as soon as at first', async () => {
    const { clock, sent, subscriber, tell } = watcher([{ status: 503 }, { status: 503 }]);
    subscriber.start();
    await clock.advance(90_000);
    expect(sent).toHaveLength(3);
    tell(notify('active;expires=600'));
    tell(notify('terminated;reason=giveup'));
    await clock.advance(30_000);
    expect(sent).toHaveLength(4);
  });

  it('that is too brief asks for longer, once it is believable', async () => {
    const { clock, sent, subscriber } = watcher([{ status: 423, minExpiresS: 7200 }]);
    subscriber.start();
    await clock.advance(0);
    expect(sent).toEqual([
      [0, 3600, true],
      [0, 7200, true],
    ]);
    for (const minExpiresS of [undefined, 60, 3600, 10_000_000]) {
      const { clock: other, sent: once, subscriber: stubborn } = watcher([{ status: 423, minExpiresS }]);
      stubborn.start();
      await other.advance(1000);
      expect([stubborn.state, once.length]).toEqual(['waiting', 1]);
    }
  });

  it('in a dialog that the peer has forgotten is followed by one in a new dialog', async () => {
    for (const status of [481, 408, 500]) {
      const { clock, sent, begin, states } = watcher([{ status: 200 }, { status }]);
      await begin();
      await clock.advance(3_540_000);
      await clock.advance(5000);
      expect(
        sent.slice(1).map(([, , fresh]) => fresh),
        String(status),
      ).toEqual([false, true]);
      expect(states.at(-1)).toBe('trying');
    }
  });

  it('in a dialog that is lost is made anew', async () => {
    const { clock, sent, begin, subscriber } = watcher();
    await begin();
    await clock.advance(100_000);
    subscriber.lost();
    expect(sent.at(-1)).toEqual([100_000, 3600, true]);
    subscriber.stop();
    subscriber.lost();
    expect(subscriber.state).toBe('idle');
  });
});
