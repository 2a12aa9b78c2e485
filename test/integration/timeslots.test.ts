// Timeslots out of service, whatever the E1 is signalled by: no call of either side is put on them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CallMetered } from '../../daemon/src/contract/index.js';
import type { Box } from '../../daemon/src/main.js';
import { phase, startTestBox, waitFor } from '../support/box.js';

async function boxOf(e1: object): Promise<Box> {
  const home = mkdtempSync(join(tmpdir(), 'cordboard-timeslots-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ version: 3, e1: [{ span: 1, ...e1 }] }));
  return startTestBox({ home });
}

describe.each([
  ['ISDN', {}, 31, 'no'],
  ['the national protocol of ISDN', { pri: { protocol: 'national' } }, 31, 'there'],
  ['R2', { signalling: 'r2', r2: { protocol: 'cn', calledDigits: 5 } }, 31, 'there'],
] as const)('signalled by %s', (_name, e1, timeslot, seenThere) => {
  it('a blocked timeslot takes no call, and the far end is told where it can be', async () => {
    const box = await boxOf(e1);
    const blocked = (): unknown => box.trunks.find(1)?.timeslots.find((one) => one.timeslot === timeslot)?.blocked;
    await box.trunks.block(1, timeslot, true);
    await waitFor(box.live, 'span.updated', () => blocked() === 'here');
    await expect(box.engine.command('leg.seize', { span: 1, timeslot, calledNumber: '1' })).rejects.toMatchObject({
      engineCode: 'busy',
    });
    const there = async (): Promise<boolean> => {
      const { spans } = await box.engine.command('engine.snapshot', {});
      return spans.find(({ span }) => span === 101)!.timeslots.find((one) => one.timeslot === timeslot)!.blockedThere;
    };
    await expect.poll(there, { timeout: 10_000 }).toBe(seenThere === 'there');
    if (seenThere === 'there')
      await expect(
        box.engine.command('leg.seize', { span: 101, timeslot, calledNumber: '95001' }),
      ).rejects.toMatchObject({ engineCode: 'busy' });
    else {
      // The exchange does not know: its call for this timeslot is put on another one.
      const arrived = waitFor(box.calls.events, 'call.arrived', () => box.calls.live().length === 1);
      await box.engine.command('leg.seize', { span: 101, timeslot, calledNumber: '95001' });
      await arrived;
      expect(box.calls.live()[0]?.timeslot).not.toBe(timeslot);
    }
    await box.trunks.block(1, timeslot, false);
    await waitFor(box.live, 'span.updated', () => blocked() === 'no');
    await expect(box.trunks.block(1, 16, true)).rejects.toMatchObject({ code: 'timeslot_not_found' });
    await expect(box.trunks.block(7, 1, true)).rejects.toMatchObject({ code: 'span_not_found' });
  }, 60_000);
});

it.each(['euroisdn', 'qsig', 'national'] as const)(
  '%s: two calls that are handed over are joined by the exchange, and both timeslots are free',
  async (protocol) => {
    const box = await boxOf({ pri: { protocol } });
    const { events } = box.engine;
    const answered: number[] = [];
    const outcomes: unknown[] = [];
    const released: unknown[] = [];
    events.on('leg.answered', ({ leg }) => void answered.push(leg));
    events.on('leg.transferred', (outcome) => void outcomes.push(outcome));
    const out: number[] = [];
    for (const calledNumber of ['13900139000', '13900139001']) {
      box.exchange.subscribers.setPlan(calledNumber, { answerAfterMs: 10 });
      out.push((await box.engine.command('leg.seize', { span: 1, calledNumber })).leg);
    }
    const [leg = 0, other = 0] = out;
    events.on('leg.released', (end) => void (out.includes(end.leg) && released.push(end)));
    await expect.poll(() => out.every((one) => answered.includes(one)), { timeout: 10_000 }).toBe(true);
    await box.engine.command('leg.transfer', { leg, other });
    await expect.poll(() => released.length, { timeout: 10_000 }).toBe(2);
    expect(outcomes).toEqual([{ leg, other, done: true }]);
    for (const end of released) expect(end).toMatchObject({ cause: 16, by: 'remote' });
    const { spans } = await box.engine.command('engine.snapshot', {});
    expect(spans.flatMap(({ timeslots }) => timeslots).filter((one) => one.leg !== 0)).toEqual([]);
  },
  60_000,
);

it.each([
  ['R2 by pulses', { signalling: 'r2', r2: { protocol: 'cn', calledDigits: 5, meteringMs: 300 } }, false],
  ['ISDN by advice of charge', {}, true],
] as const)(
  '%s: what a call out costs is told, and ISDN towards the network is not',
  async (_name, e1, total) => {
    const box = await boxOf(e1);
    box.exchange.subscribers.setPlan('13900139000', { answerAfterMs: 100 });
    const arrived = new Promise<string>((resolve) =>
      box.calls.events.once('call.arrived', ({ call }) => resolve(call.id)),
    );
    await box.exchange.lift(1);
    await box.exchange.dial(1, '013900139000#');
    const callId = await arrived;
    await phase(box, callId, 'talking');
    const { spans } = await box.engine.command('engine.snapshot', {});
    const there = spans.find(({ span }) => span === 101)!.timeslots.find(({ leg }) => leg !== 0)!;
    const costs: CallMetered[] = [];
    box.live.on('call.metered', (cost) => void costs.push(cost));
    for (const nth of [1, 2]) {
      const told = waitFor(box.live, 'call.metered', () => costs.length === nth);
      await box.engine.command('leg.meter', { leg: there.leg });
      await told;
    }
    expect(costs.map(({ units }) => units)).toEqual(total ? [1, 2] : [1, 1]);
    expect(costs[0]).toMatchObject({ callId, span: 1, timeslot: there.timeslot, total, final: false, currency: '' });
    await expect(box.trunks.meter(1, there.timeslot)).rejects.toMatchObject({ code: 'engine_refused' });
    const idle = there.timeslot === 5 ? 6 : 5;
    await expect(box.trunks.meter(1, idle)).rejects.toMatchObject({ code: 'timeslot_no_call' });
  },
  60_000,
);
