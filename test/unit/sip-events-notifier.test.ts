// Subscriptions of telephones: who gets one, what they are told and when, and how they end.
import { describe, expect, it } from 'vitest';
import {
  Notifier,
  dialogPackage,
  formatSubscriptionState,
  messageSummaryPackage,
  type DialogCall,
  type NotifierOptions,
  type SubscribeOutcome,
  type Subscription,
  type SubscriptionDialog,
  type SubscriptionState,
} from '../../daemon/src/sip/events/index.js';
import { newRequest, type SipRequest } from '../../daemon/src/sip/message/index.js';
import { FakeClock } from '../support/clock-fake.js';

const STATION = 'sip:1001@pbx.example';

function subscribe(headers: Record<string, string | undefined> = {}, user = '1001'): SipRequest {
  const lines = Object.entries({ Event: 'dialog', Expires: '600', ...headers });
  return newRequest({
    method: 'SUBSCRIBE',
    uri: `sip:${user}@pbx.example`,
    headers: lines.filter((line): line is [string, string] => line[1] !== undefined),
  });
}

/** A dialog that keeps what was sent, and answers at once unless it is told to wait. */
class Peer implements SubscriptionDialog {
  readonly sent: { atMs: number; state: string; body: string | undefined; contentType: string | undefined }[] = [];
  endings = 0;
  status = 200;
  hold = false;
  #release: (() => void)[] = [];

  constructor(readonly clock: FakeClock) {}

  notify(body: string | undefined, contentType: string | undefined, state: SubscriptionState): Promise<number> {
    this.sent.push({ atMs: this.clock.monotonicMs(), state: formatSubscriptionState(state), body, contentType });
    if (!this.hold) return Promise.resolve(this.status);
    return new Promise((resolve) => this.#release.push(() => resolve(this.status)));
  }

  ended(): void {
    this.endings += 1;
  }

  release(): void {
    for (const one of this.#release.splice(0)) one();
  }

  get states(): string[] {
    return this.sent.map(({ state }) => state);
  }
}

function exchange(options: Partial<NotifierOptions> = {}) {
  const clock = new FakeClock();
  const calls = new Map<string, DialogCall[]>([[STATION, []]]);
  const notifier = new Notifier({
    clock,
    packages: [
      dialogPackage({
        state: (resource) => {
          const found = calls.get(resource);
          return found && { station: '1001', calls: found };
        },
        allows: (account) => account !== 'guest',
      }),
      messageSummaryPackage({ state: () => ({ voice: { fresh: 1, old: 0 } }) }),
    ],
    resourceOf: ({ user, host }) => (host === 'pbx.example' && user !== 'x' ? `sip:${user}@${host}` : undefined),
    ...options,
  });
  notifier.start();
  const accept = (outcome: SubscribeOutcome, peer = new Peer(clock)) => {
    if (outcome.kind !== 'accepted') throw new Error(`refused: ${outcome.status}`);
    const subscription = outcome.answered(peer);
    return { peer, subscription, headers: outcome.headers };
  };
  const watch = (headers: Record<string, string | undefined> = {}, account = '1002') =>
    accept(notifier.subscribe(subscribe(headers), account));
  const ring = (id: string, state: DialogCall['state'] = 'early'): void => {
    calls.set(STATION, [{ id, direction: 'recipient', state }]);
    notifier.changed('dialog', STATION);
  };
  return { clock, notifier, calls, accept, watch, ring };
}

function renew(notifier: Notifier, subscription: Subscription, expires: string | undefined): void {
  const outcome = notifier.refresh(subscription, subscribe({ Expires: expires }));
  if (outcome.kind !== 'accepted') throw new Error(`refused: ${outcome.status}`);
  outcome.answered();
}

describe('a subscription', () => {
  it('is answered with its time and told the state at once, and every change after that', async () => {
    const { clock, watch, ring, notifier } = exchange();
    const { peer, headers } = watch({ Event: 'dialog;id=7' });
    expect(headers).toEqual([['Expires', '600']]);
    expect(peer.sent).toMatchObject([
      { atMs: 0, state: 'active;expires=600', contentType: 'application/dialog-info+xml' },
    ]);
    expect(peer.sent[0]!.body).toContain('<state>terminated</state>');
    await clock.advance(10_000);
    ring('c1');
    expect(peer.sent[1]).toMatchObject({ atMs: 10_000, state: 'active;expires=590' });
    expect(peer.sent[1]!.body).toContain('<state>early</state>');
    expect(peer.sent.map(({ body }) => /version="(\d+)"/.exec(body!)?.[1])).toEqual(['0', '1']);
    expect(notifier.size).toBe(1);
  });

  it('is not told of what does not concern it', async () => {
    const { clock, watch, notifier } = exchange();
    const { peer } = watch();
    await clock.advance(1000);
    notifier.changed('message-summary', STATION);
    notifier.changed('dialog', 'sip:1002@pbx.example');
    expect(peer.sent).toHaveLength(1);
  });

  it('is told of many changes in half a second once, of the last state', async () => {
    const { clock, watch, ring } = exchange();
    const { peer } = watch();
    await clock.advance(1000);
    for (let n = 0; n < 20; n++) {
      ring(`c${n}`);
      await clock.advance(20);
    }
    expect(peer.sent.map(({ atMs }) => atMs)).toEqual([0, 1000]);
    await clock.advance(5000);
    expect(peer.sent.map(({ atMs }) => atMs)).toEqual([0, 1000, 1500]);
    expect(peer.sent[1]!.body).toContain('id="c0"');
    expect(peer.sent[2]!.body).toContain('id="c19"');
  });

  it('has one NOTIFY under way at a time', async () => {
    const { clock, watch, ring } = exchange();
    const { peer } = watch();
    await clock.advance(1000);
    peer.hold = true;
    ring('c1');
    await clock.advance(10_000);
    ring('c2');
    await clock.advance(10_000);
    expect(peer.sent).toHaveLength(2);
    peer.release();
    await clock.advance(0);
    await clock.advance(500);
    expect(peer.sent).toHaveLength(3);
    expect(peer.sent[2]!.body).toContain('id="c2"');
  });

  it('is refreshed, and told the state again', async () => {
    const { clock, watch, notifier } = exchange();
    const { peer, subscription } = watch();
    await clock.advance(400_000);
    renew(notifier, subscription, '700');
    expect(peer.states).toEqual(['active;expires=600', 'active;expires=700']);
    await clock.advance(699_000);
    expect(notifier.size).toBe(1);
    await clock.advance(1000);
    expect(peer.states.slice(2)).toEqual(['terminated;reason=timeout']);
    expect([notifier.size, peer.endings]).toEqual([0, 1]);
    expect(notifier.refresh(subscription, subscribe())).toMatchObject({ kind: 'refused', status: 481 });
  });

  it('ends with Expires: 0, with the state once more', async () => {
    const { clock, watch, notifier } = exchange();
    const { peer, subscription } = watch();
    await clock.advance(1000);
    renew(notifier, subscription, '0');
    expect(notifier.size).toBe(0);
    await clock.advance(0);
    expect(peer.states).toEqual(['active;expires=600', 'terminated;reason=timeout']);
    expect(peer.sent[1]!.body).toContain('<dialog-info');
    expect(peer.endings).toBe(1);
    expect(clock.timers).toBe(1);
  });

  it('with Expires: 0 from the beginning asks once', async () => {
    const { clock, watch, notifier } = exchange();
    const { peer, headers } = watch({ Expires: '0' });
    expect(headers).toEqual([['Expires', '0']]);
    expect(notifier.size).toBe(0);
    await clock.advance(60_000);
    expect(peer.states).toEqual(['terminated;reason=timeout']);
    expect(peer.sent[0]!.body).toContain('<dialog-info');
    expect([notifier.size, peer.endings]).toEqual([0, 1]);
  });

  it('ends when the resource does', async () => {
    const { clock, watch, calls, notifier } = exchange();
    const { peer } = watch();
    await clock.advance(1000);
    calls.delete(STATION);
    notifier.changed('dialog', STATION);
    await clock.advance(0);
    expect(peer.states.at(-1)).toBe('terminated;reason=noresource');
    expect(peer.sent.at(-1)).toMatchObject({ body: undefined, contentType: undefined });
    expect([notifier.size, peer.endings]).toEqual([0, 1]);
  });

  it('ends when its NOTIFY is refused for good or not answered, and not otherwise', async () => {
    for (const status of [481, 408, 404, 489, 604]) {
      const { clock, watch, ring, notifier } = exchange();
      const { peer } = watch();
      await clock.advance(1000);
      peer.status = status;
      ring('c1');
      await clock.advance(1000);
      ring('c2');
      await clock.advance(1000);
      expect([notifier.size, peer.sent.length, peer.endings], String(status)).toEqual([0, 2, 1]);
    }
    for (const status of [500, 503, 400, 401]) {
      const { clock, watch, ring, notifier } = exchange();
      const { peer } = watch();
      await clock.advance(1000);
      peer.status = status;
      ring('c1');
      await clock.advance(1000);
      expect([notifier.size, peer.endings], String(status)).toEqual([1, 0]);
    }
  });

  it('whose dialog is lost is over at once, whatever was under way', async () => {
    const { clock, watch, ring, notifier } = exchange();
    const { peer, subscription } = watch();
    peer.hold = true;
    await clock.advance(1000);
    ring('c1');
    ring('c2');
    subscription.lost();
    subscription.lost();
    peer.release();
    await clock.advance(5000);
    expect([notifier.size, peer.sent.length, peer.endings]).toEqual([0, 2, 1]);
  });

  it('is over once, for the first reason', async () => {
    const { clock, watch } = exchange();
    const { peer, subscription } = watch();
    await clock.advance(1000);
    peer.hold = true;
    subscription.changed();
    subscription.terminate('rejected');
    subscription.terminate('noresource');
    peer.hold = false;
    peer.release();
    await clock.advance(0);
    subscription.terminate('giveup');
    subscription.changed();
    await clock.advance(1000);
    expect(peer.states.slice(2)).toEqual(['terminated;reason=rejected']);
    expect(peer.endings).toBe(1);
  });

  it('that is refreshed is told at once, however short a time after a change', async () => {
    const { clock, watch, notifier, ring } = exchange();
    const { peer, subscription } = watch();
    await clock.advance(1000);
    ring('c1');
    await clock.advance(100);
    ring('c2');
    renew(notifier, subscription, '600');
    await clock.advance(1000);
    expect(peer.sent.map(({ atMs }) => atMs)).toEqual([0, 1000, 1100]);
  });

  it('that is ended while a NOTIFY waits is told why as soon as that is answered', async () => {
    const { clock, watch, ring, notifier } = exchange();
    const { peer } = watch();
    peer.hold = true;
    await clock.advance(1000);
    ring('c1');
    notifier.terminate(({ account }) => account === '1002', 'rejected');
    notifier.terminate(() => true, 'noresource');
    expect(notifier.size).toBe(0);
    expect(peer.sent).toHaveLength(2);
    peer.hold = false;
    peer.release();
    await clock.advance(0);
    expect(peer.states.slice(2)).toEqual(['terminated;reason=rejected']);
    expect(peer.endings).toBe(1);
  });

  it('is told when to come back when we stop', async () => {
    const { clock, watch, notifier } = exchange();
    const peers = [watch().peer, watch().peer];
    notifier.stop('probation', 30);
    await clock.advance(0);
    for (const peer of peers) expect(peer.states.at(-1)).toBe('terminated;reason=probation;retry-after=30');
    expect([notifier.size, clock.timers]).toEqual([0, 0]);
  });
});

describe('times', () => {
  it('are the usual ones of the package, or those wanted within limits', () => {
    const { watch, notifier } = exchange();
    const granted = (expires: string | undefined, event = 'dialog') =>
      watch({ Expires: expires, Event: event }).headers[0]?.[1];
    expect(granted(undefined)).toBe('3600');
    expect(granted('60')).toBe('60');
    expect(granted('99999')).toBe('7200');
    expect(granted('99999999999999999999999')).toBe('7200');
    expect(granted('soon')).toBe('3600');
    const { subscription } = watch();
    for (const refused of [
      notifier.subscribe(subscribe({ Expires: '59' }), '1002'),
      notifier.refresh(subscription, subscribe({ Expires: '1' })),
    ]) {
      expect(refused).toMatchObject({ kind: 'refused', status: 423, headers: [['Min-Expires', '60']] });
    }
    expect(subscription.ending).toBe(false);
  });
});

describe('what is refused', () => {
  it('is an event that nobody here knows, with those that are known', () => {
    const { notifier } = exchange();
    expect(notifier.allowEvents).toBe('dialog, message-summary');
    for (const event of [undefined, 'presence', 'dialog.winfo', '', ';id=1', 'a b', '__proto__', 'constructor']) {
      expect(notifier.subscribe(subscribe({ Event: event }), '1002'), String(event)).toEqual({
        ...{ kind: 'refused', status: 489, headers: [['Allow-Events', 'dialog, message-summary']] },
      });
    }
  });

  it('is a subscriber who cannot read what he would get', () => {
    const { notifier } = exchange();
    const status = (accept: string): number | undefined => {
      const outcome = notifier.subscribe(subscribe({ Accept: accept }), '1002');
      return outcome.kind === 'refused' ? outcome.status : 200;
    };
    expect(status('application/pidf+xml')).toBe(406);
    expect(status('text/plain, application/sdp;level=1')).toBe(406);
    expect(status('text/plain, Application/Dialog-Info+XML;q=0.5')).toBe(200);
    expect(status('application/*')).toBe(200);
    expect(status('*/*')).toBe(200);
  });

  it('is what is not ours, is not there, or may not be watched', () => {
    const { notifier } = exchange();
    expect(notifier.subscribe(subscribe({}, 'x'), '1002')).toMatchObject({ status: 404 });
    expect(notifier.subscribe(subscribe({}, '1099'), '1002')).toMatchObject({ status: 404 });
    expect(notifier.subscribe(subscribe(), 'guest')).toMatchObject({ status: 403 });
    expect(notifier.subscribe(subscribe({}, '1099'), 'guest')).toMatchObject({ status: 403 });
  });

  it('is more than an account may have, or there may be', async () => {
    const { clock, watch, notifier } = exchange({ limits: { perAccount: 3, total: 5 } });
    const [first] = [watch(), watch(), watch()];
    expect(notifier.subscribe(subscribe(), '1002')).toMatchObject({ status: 403, reason: 'Too Many Subscriptions' });
    // Asking once is no subscription.
    expect(notifier.subscribe(subscribe({ Expires: '0' }), '1002')).toMatchObject({ kind: 'accepted' });
    watch({}, '1003');
    watch({}, '1004');
    expect(notifier.subscribe(subscribe(), '1005')).toMatchObject({ status: 503, headers: [['Retry-After', '60']] });
    renew(notifier, first.subscription, '0');
    await clock.advance(0);
    watch();
    expect(notifier.size).toBe(5);
    expect(notifier.subscribe(subscribe(), '1002')).toMatchObject({ status: 403 });
    await clock.advance(600_000);
    expect(notifier.size).toBe(0);
    for (let n = 0; n < 3; n++) watch();
    expect(notifier.size).toBe(3);
  });
});

describe('many lamps', () => {
  it('of one station change together, and cost no timer while nothing happens', async () => {
    const { clock, ring, notifier, accept } = exchange({ limits: { perAccount: 2000 } });
    const peers = Array.from({ length: 1000 }, () => accept(notifier.subscribe(subscribe(), '1002')).peer);
    await clock.advance(1000);
    expect(clock.timers).toBe(1);
    ring('c1');
    for (const peer of peers) expect(peer.sent).toHaveLength(2);
    await clock.advance(500);
    expect(clock.timers).toBe(1);
  });
});
