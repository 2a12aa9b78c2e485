// A call from a page: the telephone of the one who asks rings first.
import { describe, expect, it } from 'vitest';
import { newest } from '../support/call-desk.js';
import { connections, music, portOf, rung, talkDesk } from '../support/talks.js';
import { until } from '../support/turns.js';

describe('a call that is asked for', () => {
  it('rings the telephone, then calls the number, and has both talk', async () => {
    const desk = await talkDesk();
    const { id } = await desk.calls.originate(1001, '1002');
    const caller = await rung(desk, 1001);
    expect(desk.sip.seized[0]).toMatchObject({ target: { kind: 'station', station: 1001 }, callingNumber: '1002' });
    expect(desk.sip.seized).toHaveLength(1);
    desk.sip.answers(caller);
    const callee = await rung(desk, 1002);
    desk.sip.progress(callee, 'alerting');
    await until(() => music(desk).includes(portOf(caller)), 'he hears it ring');
    desk.sip.answers(callee);
    await until(() => connections(desk).length === 1, 'they talk');
    expect(connections(desk)).toEqual([[portOf(caller), portOf(callee)].sort((a, b) => a - b)]);
    expect(newest(desk)).toMatchObject({ id, callingNumber: '1001', calledNumber: '1002', phase: 'talking' });
    desk.sip.hangsUp(callee);
    const { row } = await desk.ended(id);
    expect(row).toMatchObject({ cause: 16, direction: 'internal' });
    expect(row.answeredAt).not.toBeNull();
  });

  it('goes out with the rights of the telephone', async () => {
    const desk = await talkDesk();
    const { id } = await desk.calls.originate(1001, '9');
    desk.sip.answers(await rung(desk, 1001));
    desk.sip.answers(await rung(desk, 'a'));
    await until(() => desk.calls.find(id)?.phase === 'talking', 'they talk');
    expect(desk.calls.find(id)?.direction).toBe('out');
    expect(desk.plan.asked.at(-1)).toMatchObject({ number: '9', from: { station: 1001 } });
  });

  it('is over when nobody lifts, he hangs up, or the number leads nowhere', async () => {
    const desk = await talkDesk();
    const late = await desk.calls.originate(1001, '1002');
    await rung(desk, 1001);
    await desk.clock.advance(30_000);
    expect((await desk.ended(late.id)).row.cause).toBe(19);
    const gone = await desk.calls.originate(1001, '1002');
    desk.sip.hangsUp(await rung(desk, 1001), 21);
    expect((await desk.ended(gone.id)).row.cause).toBe(21);
    const nowhere = await desk.calls.originate(1001, '7777');
    desk.sip.answers(await rung(desk, 1001));
    expect((await desk.ended(nowhere.id)).row.cause).not.toBe(16);
    await until(() => desk.sip.legs.size === 0, 'everybody has gone');
  });

  it('is refused where there is no such telephone, or no number', async () => {
    const desk = await talkDesk();
    await expect(desk.calls.originate(1999, '1002')).rejects.toMatchObject({ code: 'line_unknown' });
    await expect(desk.calls.originate(1001, 'DROP')).rejects.toMatchObject({ code: 'number_leads_nowhere' });
    expect(desk.calls.live()).toEqual([]);
  });
});
