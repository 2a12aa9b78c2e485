// A caller is lent to a flow and comes back.
import { describe, expect, it } from 'vitest';
import type { FlowSession } from '../../daemon/src/calls/index.js';
import type { CallDesk } from '../support/call-desk.js';
import { flowOf } from '../support/call-desk.js';
import { connections, music, portOf, talk, talkDesk, type Talk } from '../support/talks.js';
import { until } from '../support/turns.js';

type Lent = CallDesk & Talk & { through: (how?: (session: FlowSession) => void) => void };

/** The flow waits until the test has it be through. */
async function lent(): Promise<Lent> {
  let through: Lent['through'] | undefined;
  const desk = await talkDesk(
    flowOf(
      (session) =>
        new Promise((resolve, reject) => {
          session.signal.addEventListener('abort', () => reject(session.signal.reason as Error));
          through = (how) => {
            how?.(session);
            resolve();
          };
        }),
    ),
  );
  const talking = await talk(desk, 'a', 1001);
  await desk.calls.act(talking.callId, 1001, { action: 'transferToFlow', flowId: 'main', back: true });
  await until(() => music(desk).includes(portOf(talking.callee)), 'the agent hears music');
  await until(() => through !== undefined, 'the flow runs');
  return { ...desk, ...talking, through: (how) => through?.(how) };
}

const phase = (desk: Lent) => desk.calls.find(desk.callId)?.phase;

describe('a caller who is lent to a flow', () => {
  it.each([
    ['is through', undefined],
    ['hangs up', (session: FlowSession) => session.release(16)],
  ])('is back when the flow %s', async (_, how) => {
    const desk = await lent();
    expect(phase(desk)).toBe('inFlow');
    expect(connections(desk)).toEqual([]);
    desk.through(how);
    await until(() => connections(desk).length === 1, 'they talk');
    await until(() => music(desk).length === 0, 'the music is over');
    expect(phase(desk)).toBe('talking');
    expect(desk.seen).not.toContain('transferred');
    desk.sip.hangsUp(desk.callee);
    const { row, segments } = await desk.ended(desk.callId);
    expect(row.cause).toBe(16);
    expect(segments.find(({ kind }) => kind === 'lent')?.data).toEqual({ by: 1001, to: 'main', outcome: 'back' });
    expect(segments.filter(({ kind }) => kind === 'talk')).toHaveLength(2);
  });

  it('stays there when the agent hangs up', async () => {
    const desk = await lent();
    desk.sip.hangsUp(desk.callee);
    await until(() => desk.seen.includes('transferred'), 'the agent has nothing more to do with it');
    expect(phase(desk)).toBe('inFlow');
    desk.through();
    const { segments } = await desk.ended(desk.callId);
    expect(segments.find(({ kind }) => kind === 'lent')?.data).toMatchObject({ outcome: 'agentGone' });
    await until(() => desk.sip.legs.size === 0, 'everybody has gone');
  });

  it('who goes into a queue from there does not come back', async () => {
    const desk = await lent();
    desk.through((session) => void session.queue('sales').catch(() => undefined));
    await until(() => phase(desk) === 'queued', 'he waits');
    await until(() => !desk.sip.legs.has(desk.callee), 'the agent is free');
  });

  it('who hangs up frees the agent', async () => {
    const desk = await lent();
    desk.sip.hangsUp(desk.caller);
    await desk.ended(desk.callId);
    await until(() => desk.sip.legs.size === 0, 'everybody has gone');
    await until(() => music(desk).length === 0, 'the music is over');
  });
});
