// Keep-alives: for whom, how often, and what a telephone that does not answer comes to.
import { describe, expect, it } from 'vitest';
import { KeepAlives, keepAliveOf, type Binding, type KeepAliveKind } from '../../daemon/src/sip/registrar/index.js';
import { parseUri } from '../../daemon/src/sip/message/index.js';
import { FakeClock } from '../support/clock-fake.js';

function binding(id: string, change: Partial<Binding> = {}): Binding {
  const contactText = `sip:${id}@10.0.0.5`;
  return {
    ...{ id, aor: 'sip:1001@pbx.example', contact: parseUri(contactText)!, contactText, q: 1000 },
    ...{ instance: undefined, regId: undefined, path: [], transport: 'udp', connection: undefined, behindNat: true },
    received: { host: '203.0.113.5', port: 5060 },
    ...{ callId: 'c', cseq: 1, expiresMs: 3_600_000, refreshedMs: 0, userAgent: '' },
    ...change,
  };
}

function keeper(bindings: Binding[]) {
  const clock = new FakeClock();
  const pings: [atMs: number, id: string, kind: KeepAliveKind][] = [];
  const events: string[] = [];
  const silent = new Set<string>();
  const keepAlives = new KeepAlives({
    clock,
    bindings: () => bindings,
    ping: ({ id }, kind) => {
      pings.push([clock.monotonicMs(), id, kind]);
      return silent.has(id) ? Promise.resolve(false) : Promise.resolve(true);
    },
  });
  keepAlives.events.on('unreachable', (event) => void events.push(`unreachable ${event.binding.id}`));
  keepAlives.events.on('reachable', (event) => void events.push(`reachable ${event.binding.id}`));
  keepAlives.start();
  return { clock, pings, events, silent, keepAlives, bindings };
}

describe('keep-alives', () => {
  it('are for telephones behind a NAT that do not send their own', () => {
    const needs = (change: Partial<Binding>) => keepAliveOf(binding('a', change));
    expect(needs({})).toEqual({ kind: 'options', everyMs: 25_000 });
    expect(needs({ transport: 'tcp' })).toEqual({ kind: 'crlf', everyMs: 90_000 });
    expect(needs({ transport: 'tls' })).toEqual({ kind: 'crlf', everyMs: 90_000 });
    expect(needs({ transport: 'wss' })).toBeUndefined();
    expect(needs({ behindNat: false })).toBeUndefined();
    expect(needs({ path: ['<sip:p;lr>'] })).toBeUndefined();
    expect(needs({ regId: 1, instance: 'urn:x' })).toBeUndefined();
  });

  it('come in their time after the registration', async () => {
    const { clock, pings, bindings, keepAlives } = keeper([
      binding('udp'),
      binding('tcp', { transport: 'tcp', connection: 1 }),
      binding('direct', { behindNat: false }),
    ]);
    await clock.advance(90_000);
    expect(pings).toEqual([
      [25_000, 'udp', 'options'],
      [50_000, 'udp', 'options'],
      [75_000, 'udp', 'options'],
      [90_000, 'tcp', 'crlf'],
    ]);
    expect(keepAlives.size).toBe(2);
    bindings.shift();
    await clock.advance(25_000);
    expect(pings).toHaveLength(4);
    expect(keepAlives.size).toBe(1);
    keepAlives.stop();
    expect(clock.timers).toBe(0);
  });

  it('wait after a REGISTER, which is as good', async () => {
    const { clock, pings, bindings } = keeper([binding('a')]);
    await clock.advance(20_000);
    bindings[0] = binding('a', { refreshedMs: 20_000 });
    await clock.advance(24_999);
    expect(pings).toEqual([]);
    await clock.advance(1);
    expect(pings).toEqual([[45_000, 'a', 'options']]);
  });

  it('three times unanswered say that the telephone is gone, and one answer that it is back', async () => {
    const { clock, events, silent, keepAlives } = keeper([binding('a'), binding('b')]);
    silent.add('a');
    await clock.advance(50_000);
    expect(keepAlives.isReachable('a')).toBe(true);
    await clock.advance(25_000);
    expect(events).toEqual(['unreachable a']);
    expect([keepAlives.isReachable('a'), keepAlives.isReachable('b')]).toEqual([false, true]);
    await clock.advance(50_000);
    expect(events).toHaveLength(1);
    silent.delete('a');
    await clock.advance(25_000);
    expect(events).toEqual(['unreachable a', 'reachable a']);
    expect(keepAlives.isReachable('a')).toBe(true);
    expect(keepAlives.isReachable('never heard of')).toBe(true);
  });

  it('count from the beginning after a REGISTER, and one that was under way counts no more', async () => {
    const { clock, events, silent, bindings, keepAlives } = keeper([binding('a')]);
    silent.add('a');
    await clock.advance(75_000);
    bindings[0] = binding('a', { refreshedMs: 75_000 });
    await clock.advance(250);
    expect(events).toEqual(['unreachable a', 'reachable a']);
    expect(keepAlives.isReachable('a')).toBe(true);
    await clock.advance(74_750);
    expect(events).toEqual(['unreachable a', 'reachable a', 'unreachable a']);
  });

  it('are not sent again while one waits, and one that cannot be sent counts as unanswered', async () => {
    const clock = new FakeClock();
    const answers: (() => void)[] = [];
    const events: string[] = [];
    const one = binding('a');
    const failing = new KeepAlives({
      clock,
      bindings: () => [one],
      ping: () => Promise.reject(new Error('no route')),
    });
    failing.events.on('unreachable', () => void events.push('unreachable'));
    failing.start();
    await clock.advance(75_000);
    expect(events).toEqual(['unreachable']);
    failing.stop();
    const same = new KeepAlives({
      clock,
      bindings: () => [one],
      ping: () => new Promise((resolve) => answers.push(() => resolve(true))),
    });
    same.start();
    await clock.advance(100_000);
    expect(answers).toHaveLength(1);
    answers[0]!();
    await clock.advance(25_000);
    expect(answers).toHaveLength(2);
    same.stop();
  });

  it('that were under way at a REGISTER say nothing any more', async () => {
    const clock = new FakeClock();
    const bindings = [binding('a')];
    const events: string[] = [];
    let late = (): void => undefined;
    let pings = 0;
    const keepAlives = new KeepAlives({
      clock,
      bindings: () => bindings,
      ping: () => ((pings += 1) < 3 ? Promise.resolve(false) : new Promise((resolve) => (late = () => resolve(false)))),
    });
    keepAlives.events.on('unreachable', () => void events.push('unreachable'));
    keepAlives.start();
    await clock.advance(75_000);
    expect(pings).toBe(3);
    bindings[0] = binding('a', { refreshedMs: 75_000 });
    await clock.advance(250);
    late();
    await clock.advance(1000);
    expect(events).toEqual([]);
    expect(keepAlives.isReachable('a')).toBe(true);
  });

  it('of many that are due at once are spread', async () => {
    const { clock, pings } = keeper(Array.from({ length: 350 }, (_, n) => binding(`a${n}`)));
    await clock.advance(25_000);
    expect(pings).toHaveLength(100);
    await clock.advance(250);
    expect(pings).toHaveLength(200);
    await clock.advance(500);
    expect(pings).toHaveLength(350);
    expect(new Set(pings.map(([, id]) => id)).size).toBe(350);
  });
});
