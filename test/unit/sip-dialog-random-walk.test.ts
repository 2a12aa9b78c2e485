// Thousands of calls in which both ends do anything at any time, over a network that loses, doubles and reorders. When it has
// calmed down, the two ends of each call agree on whether it is up and what was said; and when all have hung up, nothing is left.
import { describe, expect, it } from 'vitest';
import type { IncomingSession, OutgoingSession } from '../../daemon/src/sip/dialog/index.js';
import { RandomSource, TimerWheel, type Timers } from '../../daemon/src/sip/transaction/index.js';
import { seededBytes } from '../support/sip-wire.js';
import { A, B, twoStacks, type TestMedia, type TestStack, type Watched } from '../support/sip-wire-stack.js';

const BATCH = 1000;
const ACTING_MS = 50_000;
const DIGITS = '0123456789';

interface Pair {
  out: Watched<OutgoingSession>;
  into: Watched<IncomingSession> | undefined;
  digits: number;
}

/** One time in `times`. */
type Dice = (times: number) => boolean;

async function walk(seed: string, calls: number) {
  const random = new RandomSource(seededBytes(seed));
  const dice: Dice = (times) => random.below(times) === 0;
  const intervals = { settings: { sessionExpiresS: 90 } };
  const two = twoStacks('udp', intervals, intervals);
  const { wire, caller, callee, clock } = two;
  wire.keeps = false;
  const plan = new TimerWheel(clock);
  const counts = { confirmed: 0, unanswered: 0, digits: 0 };
  const wrong: string[] = [];
  const bad = (pair: Pair, what: string): void => {
    wrong.push(`${what}: ${pair.out.session.history} [${pair.out.events.join()}] [${pair.into?.events.join() ?? ''}]`);
  };

  for (let done = 0; done < calls; done += BATCH) {
    let rough = true;
    wire.fate = () => {
      if (!rough) return [0];
      if (dice(10)) return [];
      const late = (): number => (dice(5) ? 20 * random.below(60) : 0);
      return dice(20) ? [late(), late()] : [late()];
    };
    const pairs: Pair[] = [];
    for (const stack of [caller, callee]) {
      stack.incoming.length = 0;
      stack.arrived = (call) => {
        const pair = pairs.find(({ out }) => out.session.callId === call.session.invite.callId);
        if (pair === undefined) return;
        pair.into = call;
        slow(call.media, plan, random);
        answerSomehow(call, dice, (work) => plan.after(random.below(15_000), work));
      };
    }
    for (let i = 0; i < BATCH; i++) {
      plan.after(random.below(10_000), () => {
        const [from, to]: [TestStack, string] = dice(2) ? [caller, B] : [callee, A];
        const out = from.call(to, { lateOffer: dice(4), requireReliable: dice(6) });
        slow(out.media, plan, random);
        const pair: Pair = { out, into: undefined, digits: 0 };
        pairs.push(pair);
        actSomehow(pair, dice, random, (work) => plan.after(random.below(ACTING_MS - 10_000), work));
      });
    }
    await clock.advance(ACTING_MS);
    rough = false;
    await clock.advance(150_000);

    for (const pair of pairs) judge(pair, counts, bad);
    for (const { out, into } of pairs) (dice(2) ? out.session : (into ?? out).session).end();
    await clock.advance(100_000);
    for (const pair of pairs) {
      if (pair.out.session.ended === undefined || (pair.into ?? pair.out).session.ended === undefined)
        bad(pair, 'not over');
      for (const { events } of [pair.out, pair.into ?? pair.out]) {
        if (events.filter((event) => event.startsWith('ended')).length !== 1) bad(pair, 'not ended once');
      }
    }
  }
  // The subscription of a REFER whose last report was lost lives for five minutes.
  await clock.advance(300_000);
  return { ...two, counts, wrong };
}

/** Answers and offers sometimes take a while to be made. */
function slow(media: TestMedia, plan: Timers, random: RandomSource): void {
  const answer = media.answer.bind(media);
  media.answer = async (offer, exchange) => {
    if (random.below(6) === 0) await new Promise<void>((resolve) => plan.after(random.below(1000), resolve));
    return answer(offer, exchange);
  };
  media.refuses = () => random.below(25) === 0;
}

function answerSomehow({ session }: Watched<IncomingSession>, dice: Dice, later: (work: () => void) => void): void {
  session.events.on('referred', (referral) => {
    if (dice(4)) referral.refuse();
    else referral.accept();
    later(() => referral.progress(180));
    later(() => referral.progress(dice(2) ? 200 : 486));
  });
  if (dice(3)) later(() => session.ring());
  if (dice(3)) later(() => void session.progress());
  if (dice(8)) later(() => session.end({ cause: 17 }));
  if (!dice(12)) later(() => void session.answer());
}

function actSomehow(pair: Pair, dice: Dice, random: RandomSource, later: (work: () => void) => void): void {
  const side = () => (dice(2) ? pair.out.session : (pair.into ?? pair.out).session);
  if (dice(10)) later(() => pair.out.session.end());
  for (let i = random.below(4); i > 0; i--) later(() => void side().reoffer());
  for (let i = random.below(4); i > 0; i--) {
    later(() => {
      if (pair.digits < DIGITS.length)
        void pair.out.session.sendDigit({ digit: DIGITS[pair.digits++]!, durationMs: 100 });
    });
  }
  if (dice(6)) later(() => void pair.out.session.refer({ referTo: '<sip:x@example.com>', notify: dice(2) }));
  if (dice(3)) later(() => side().end());
}

/** After the calm. */
function judge(pair: Pair, counts: Record<string, number>, bad: (pair: Pair, what: string) => void): void {
  const { out, into } = pair;
  const [a, b] = [out.session.state, into?.session.state ?? 'ended'];
  if (a === 'confirmed' || b === 'confirmed') {
    counts.confirmed! += 1;
    if (a !== b) bad(pair, `one side is ${a}, the other ${b}`);
    const said = [out.media.local, out.media.remote, into?.media.remote, into?.media.local];
    if (said[0] !== said[2] || said[1] !== said[3] || said[0] === '')
      bad(pair, `they do not agree: ${said.join(' / ')}`);
  } else if (a === 'ended' || b === 'ended') {
    counts.unanswered! += 1;
    if (a !== b) bad(pair, `one side is ${a}, the other ${b}`);
  }
  const heard = (into?.events ?? []).filter((event) => event.startsWith('digit')).map((event) => event[6]);
  counts.digits! += heard.length;
  if (heard.some((digit, i) => i > 0 && digit! <= heard[i - 1]!)) bad(pair, `digits came as ${heard.join('')}`);
}

describe('random calls over a bad network', () => {
  it.each(['one', 'two', 'three', 'four', 'five'])(
    'end in agreement, and leave nothing: seed %s',
    async (seed) => {
      const { caller, callee, clock, counts, wrong } = await walk(seed, 1000);
      expect(wrong).toEqual([]);
      expect(caller.living).toEqual([0, 0, 0, 0]);
      expect(callee.living).toEqual([0, 0, 0, 0]);
      expect(clock.timers).toBe(0);
      // The walk has been to both places.
      expect(counts.confirmed).toBeGreaterThan(300);
      expect(counts.unanswered).toBeGreaterThan(300);
      expect(counts.digits).toBeGreaterThan(100);
    },
    240_000,
  );
});
