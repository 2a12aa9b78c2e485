// Two stacks of ours call one another: every message of a call lost once, doubled, and out of place, in both roles.
import { describe, expect, it } from 'vitest';
import type { Packet } from '../support/sip-wire.js';
import { A, B, twoStacks } from '../support/sip-wire-stack.js';

type Two = ReturnType<typeof twoStacks>;

/** A call that rings, is answered, is held, and is hung up by one side. */
async function wholeCall(two: Two, by: 'caller' | 'callee') {
  const { caller, callee, advance } = two;
  const out = caller.call(B);
  callee.arrived = ({ session }) => session.ring();
  await advance(2000);
  await callee.incoming[0]!.session.answer();
  await advance(20_000);
  const into = callee.incoming[0]!;
  const agreedAt = [out.media.local, out.media.remote, into.media.local, into.media.remote];
  const reoffer = await Promise.all([out.session.reoffer(), advance(40_000)]);
  (by === 'caller' ? out : into).session.end();
  await advance(120_000);
  return { out, into, agreedAt, held: reoffer[0] };
}

const USUAL = [
  `${A}>${B} INVITE`,
  `${B}>${A} 180 INVITE`,
  `${B}>${A} 200 INVITE`,
  `${A}>${B} ACK`,
  `${A}>${B} INVITE`,
  `${B}>${A} 200 INVITE`,
  `${A}>${B} ACK`,
];

describe('a call', () => {
  it.each(['udp', 'tcp'] as const)('over %s takes the messages of RFC 3665', async (transport) => {
    const two = twoStacks(transport);
    const { out, into } = await wholeCall(two, 'caller');
    expect(two.wire.names).toEqual([...USUAL, `${A}>${B} BYE`, `${B}>${A} 200 BYE`]);
    expect(out.events).toEqual(['progress 180', 'answered', 'modified by us', 'ended by us 16 -']);
    expect(into.events).toEqual(['answered', 'confirmed', 'modified by peer', 'ended by peer 16 -']);
    expect(out.session.history).toBe(
      'calling -progress-> early -answer-> answered -acknowledge-> confirmed -end-> ended',
    );
    expect([two.caller.living, two.callee.living, two.clock.timers]).toEqual([[0, 0, 0, 0], [0, 0, 0, 0], 0]);
  });

  /** The two must agree on what was said and that it is over, and keep nothing. */
  async function survives(by: 'caller' | 'callee', fate: (packet: Packet) => number[]): Promise<void> {
    const two = twoStacks();
    two.wire.fate = fate;
    const { out, into, agreedAt, held } = await wholeCall(two, by);
    expect(agreedAt[0]).toBe(agreedAt[3]);
    expect(agreedAt[1]).toBe(agreedAt[2]);
    expect(held).toEqual({ accepted: true });
    expect([out.media.local, out.media.remote]).toEqual([into.media.remote, into.media.local]);
    expect(two.callee.incoming).toHaveLength(1);
    expect(out.events.filter((event) => event === 'answered')).toHaveLength(1);
    expect(out.events.at(-1)).toBe(by === 'caller' ? 'ended by us 16 -' : 'ended by peer 16 -');
    expect(into.events.at(-1)).toBe(by === 'caller' ? 'ended by peer 16 -' : 'ended by us 16 -');
    expect([two.caller.living, two.callee.living, two.clock.timers]).toEqual([[0, 0, 0, 0], [0, 0, 0, 0], 0]);
  }

  const places = Array.from({ length: 9 }, (_, i) => i);
  const sides = ['caller', 'callee'] as const;

  describe.each(sides)('that the %s ends', (by) => {
    it.each(places)('survives the loss of message %i', async (lost) => {
      await survives(by, ({ number }) => (number === lost ? [] : [0]));
    });

    it.each(places)('survives message %i twice', async (twice) => {
      await survives(by, ({ number }) => (number === twice ? [0, 3] : [0]));
    });

    it.each(places)('survives a late copy of message %i', async (twice) => {
      await survives(by, ({ number }) => (number === twice ? [0, 5000] : [0]));
    });

    it.each(places)('survives message %i behind the next', async (late) => {
      await survives(by, ({ number }) => (number === late ? [600] : [0]));
    });
  });

  it('survives every message being lost the first time it is sent', async () => {
    const seen = new Set<string>();
    await survives('caller', ({ bytes, from }) => {
      const key = from + bytes.toString();
      if (seen.has(key)) return [0];
      seen.add(key);
      return [];
    });
  });
});
