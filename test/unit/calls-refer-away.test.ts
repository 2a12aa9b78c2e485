// Calls that are put through over the trunk that they came by: its carrier connects the two, or the box stays in the path.
import { describe, expect, it } from 'vitest';
import type { Referring } from '../../daemon/src/lines/index.js';
import type { CallDesk } from '../support/call-desk.js';
import { connections, portOf, rung, talk, talkDesk } from '../support/talks.js';
import { turn, until } from '../support/turns.js';

type Asked = Parameters<Referring['refer']>;

/** A trunk that may be asked; what it was asked, and how it answers. */
function carrier(desk: CallDesk, outcome: { done: boolean; cause: number }, may: boolean | 'leg' = true) {
  const asked: Asked[] = [];
  const waiting: (() => void)[] = [];
  desk.sip.referring = {
    may: (_leg, to) => may === true || may === to,
    refer: (...args) => {
      asked.push(args);
      return new Promise((resolve) => waiting.push(() => resolve(outcome)));
    },
  };
  const answers = async (): Promise<void> => {
    await until(() => waiting.length > 0, 'the carrier is asked');
    waiting.shift()!();
    await turn();
  };
  return { asked, answers };
}

const DONE = { done: true, cause: 16 };
const REFUSED = { done: false, cause: 21 };

describe('a transfer to a number', () => {
  it('over the same trunk is the carrier’s to make, and the call ends here', async () => {
    const desk = await talkDesk();
    const { asked, answers } = carrier(desk, DONE);
    const { caller, callee, callId } = await talk(desk, 'a', 1001);
    const outcomes = desk.sip.refers(callee, { number: '9' });
    await answers();
    expect(asked).toEqual([[caller, { number: '110' }]]);
    expect(outcomes).toEqual([{ state: 'accepted' }, { state: 'done' }]);
    const { row, segments } = await desk.ended(callId);
    expect(row).toMatchObject({ releasedBy: 'callee', cause: 16 });
    expect(segments.find(({ kind }) => kind === 'transferred')?.data).toEqual({
      ...{ by: 1001, to: '9', outcome: 'referred' },
    });
    await until(() => desk.sip.legs.size === 0, 'all have gone');
    expect(desk.sip.seized.filter(({ target }) => target.kind === 'trunk')).toEqual([]);
  });

  it('that the carrier does not want is made by the box, which says once that it was accepted', async () => {
    const desk = await talkDesk();
    const { answers } = carrier(desk, REFUSED);
    const { caller, callee } = await talk(desk, 'a', 1001);
    const outcomes = desk.sip.refers(callee, { number: '9' });
    await answers();
    const next = await rung(desk, 'a');
    desk.sip.answers(next);
    await until(() => outcomes.at(-1)?.state === 'done', 'they talk');
    expect(outcomes).toEqual([{ state: 'accepted' }, { state: 'done' }]);
    expect(connections(desk)).toEqual([[portOf(caller), portOf(next)]]);
  });

  it.each([
    ['by the trunk’s setting', false, '9', 'a'],
    ['to a telephone', true, '1002', 1002],
  ] as const)('stays in the box %s', async (_why, may, number, where) => {
    const desk = await talkDesk();
    const { asked } = carrier(desk, DONE, may);
    const { callee } = await talk(desk, 'a', 1001);
    desk.sip.refers(callee, { number });
    await rung(desk, where);
    expect(asked).toEqual([]);
  });

  it('over ISDN is made by the box, which asks the exchange to join the two when they talk', async () => {
    const desk = await talkDesk();
    const { asked, answers } = carrier(desk, DONE, 'leg');
    const { caller, callee, callId } = await talk(desk, 'a', 1001);
    const outcomes = desk.sip.refers(callee, { number: '9' });
    const next = await rung(desk, 'a');
    expect(asked).toEqual([]);
    desk.sip.answers(next);
    await until(() => asked.length === 1, 'the exchange is asked');
    expect(asked).toEqual([[caller, { leg: next }]]);
    expect(outcomes.at(-1)).toEqual({ state: 'done' });
    expect(connections(desk)).toEqual([[portOf(caller), portOf(next)]]);
    await answers();
    const { row, segments } = await desk.ended(callId);
    expect(row).toMatchObject({ cause: 16 });
    expect(segments.filter(({ kind }) => kind === 'transferred').at(-1)?.data).toMatchObject({ outcome: 'referred' });
    await until(() => desk.sip.legs.size === 0, 'all have gone');
  });

  it('over ISDN stays in the box when the exchange does not want to', async () => {
    const desk = await talkDesk();
    const { answers } = carrier(desk, REFUSED, 'leg');
    const { caller, callee, callId } = await talk(desk, 'a', 1001);
    desk.sip.refers(callee, { number: '9' });
    const next = await rung(desk, 'a');
    desk.sip.answers(next);
    await answers();
    expect(connections(desk)).toEqual([[portOf(caller), portOf(next)]]);
    expect(desk.calls.find(callId)).toMatchObject({ phase: 'talking' });
  });

  it('over another trunk than the caller’s stays in the box', async () => {
    const desk = await talkDesk();
    desk.sip.addTrunk('b');
    const { asked } = carrier(desk, DONE);
    const { callee } = await talk(desk, 'b', 1001);
    desk.sip.refers(callee, { number: '9' });
    await rung(desk, 'a');
    expect(asked).toEqual([]);
  });

  it('whose caller hangs up meanwhile fails', async () => {
    const desk = await talkDesk();
    const { answers } = carrier(desk, REFUSED);
    const { caller, callee, callId } = await talk(desk, 'a', 1001);
    const outcomes = desk.sip.refers(callee, { number: '9' });
    await until(() => outcomes.length === 1, 'it is accepted');
    desk.sip.hangsUp(caller);
    await desk.ended(callId);
    await answers();
    expect(outcomes.at(-1)).toEqual({ state: 'failed', cause: 101 });
  });
});

describe('a transfer between two calls over one trunk', () => {
  it('is the carrier’s to make, and both calls end here', async () => {
    const desk = await talkDesk();
    const { asked, answers } = carrier(desk, DONE);
    const one = await talk(desk, 'a', 1001);
    const other = await talk(desk, 'a', 1001);
    const outcomes = desk.sip.refers(one.callee, { leg: other.callee });
    await answers();
    expect(asked).toEqual([[one.caller, { leg: other.caller }]]);
    expect(outcomes).toEqual([{ state: 'accepted' }, { state: 'done' }]);
    await desk.ended(one.callId);
    await desk.ended(other.callId);
    await until(() => desk.sip.legs.size === 0, 'all have gone');
  });

  it('that the carrier does not want is made by the box', async () => {
    const desk = await talkDesk();
    const { answers } = carrier(desk, REFUSED);
    const one = await talk(desk, 'a', 1001);
    const other = await talk(desk, 'a', 1001);
    const outcomes = desk.sip.refers(one.callee, { leg: other.callee });
    await answers();
    await until(() => outcomes.at(-1)?.state === 'done', 'it is done');
    expect(connections(desk)).toEqual([[portOf(one.caller), portOf(other.caller)]]);
  });
});
