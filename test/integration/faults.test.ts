// What goes wrong on the lines and with files, and what the box makes of it: calls in progress go on where they can, and the
// rest ends with a cause.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Box } from '../../daemon/src/main.js';
import {
  callIn,
  nothingLeaks,
  phase,
  startTestBox,
  stationFree,
  storedCall,
  waitFor,
  whileRunning,
} from '../support/box.js';
import { LocalApi } from '../../daemon/src/cli/local-api.js';

let box: Box;
const running = whileRunning();
beforeAll(async () => {
  box = await startTestBox({ env: { CORDBOARD_VIRTUAL_STATIONS: '2' } }, running);
});
afterAll(() => running.end());

function spanEvents(condition: () => boolean): Promise<void> {
  return waitFor(box.live, 'span.updated', condition, 40_000);
}

async function talkingCall(): Promise<Awaited<ReturnType<typeof callIn>>> {
  await stationFree(box, 1);
  await box.agents.signIn('2001', 1);
  const call = await callIn(box, { digits: '1' });
  await waitFor(box.live, 'station.updated', () => box.stations.find(1)?.ringing === true);
  await waitFor(box.exchange.telephones.events, 'phone.changed', () => box.exchange.telephones.find(1).ringing);
  await box.exchange.lift(1);
  await phase(box, call.callId, 'talking');
  return call;
}

async function over(callId: string): Promise<ReturnType<typeof storedCall>> {
  const stored = await storedCall(box, callId);
  await box.agents.signOut('2001');
  await nothingLeaks(box);
  return stored;
}

describe('a D-channel that is lost', () => {
  it('does not touch the talk, refuses new calls, and comes back', async () => {
    const { callId, exchangeId } = await talkingCall();
    await box.exchange.cutDchannel(1, { cut: true });
    // What is sent now is not acknowledged; the link is given up after N200 tries.
    const attempt = await box.exchange.callers.place({ calledNumber: '95001' }).catch(() => undefined);
    await spanEvents(() => box.trunks.find(1)?.dchannelUp === false);
    expect(box.calls.find(callId)?.phase).toBe('talking');
    await expect(box.exchange.callers.place({ calledNumber: '95001' })).rejects.toMatchObject({
      code: 'engine_refused',
    });
    await box.exchange.cutDchannel(1, { cut: false });
    await spanEvents(() => box.trunks.find(1)?.dchannelUp === true);
    expect(box.calls.find(callId)?.phase).toBe('talking');
    await box.exchange.hangUp(exchangeId);
    const { row } = await storedCall(box, callId);
    expect(row).toMatchObject({ cause: 16, releasedBy: 'caller' });
    if (attempt !== undefined) {
      await waitFor(
        box.exchange.callers.events,
        'call.changed',
        () => box.exchange.find(attempt.id)?.state === 'released',
      );
    }
    await over(callId);
  });
});

describe('an alarm of the span', () => {
  it('is shown, ends the calls on it with a cause, and is forgotten when it clears', async () => {
    const { callId } = await talkingCall();
    await box.exchange.setAlarm(1, { alarm: 'los', active: true });
    await spanEvents(() => box.trunks.find(1)?.alarms.includes('los') === true);
    const { row } = await storedCall(box, callId);
    expect(row).toMatchObject({ releasedBy: 'fault', cause: expect.any(Number) });
    await box.exchange.setAlarm(1, { alarm: 'los', active: false });
    await spanEvents(() => box.trunks.find(1)?.alarms.length === 0 && box.trunks.find(1)?.dchannelUp === true);
    await over(callId);
    const next = await callIn(box, { calledNumber: '404' });
    expect((await over(next.callId)).row.cause).toBe(1);
  });
});

describe('a timeslot that is restarted', () => {
  it('ends the call on it, and takes the next one', async () => {
    const { callId, timeslot } = await talkingCall();
    await box.exchange.restart(1, { timeslot });
    const { row } = await over(callId);
    expect(row.releasedBy).not.toBe('system');
    const next = await callIn(box, { calledNumber: '404', timeslot });
    expect(next.timeslot).toBe(timeslot);
    await over(next.callId);
  });
});

describe('a prompt that is no WAV', () => {
  it('is left out, and the caller gets through', async () => {
    const folder = join(box.config.promptsFolder, 'en');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'welcome.wav'), 'RIFF\x00\x00this is not audio');
    const welcome = async (): Promise<unknown> => {
      const { callId, exchangeId } = await callIn(box, { digits: '2' });
      await waitFor(box.live, 'call.updated', () => box.calls.find(callId)?.queueId === 'service');
      await box.exchange.hangUp(exchangeId);
      const { segments } = await over(callId);
      return segments.find(({ kind }) => kind === 'prompt')?.data;
    };
    // Where a prompt was found is remembered for a second.
    await expect.poll(welcome, { timeout: 45_000 }).toMatchObject({ finished: false, error: expect.any(String) });
  });
});

describe('a flow that does not hold together', () => {
  it('is refused with the node and the field, and the one in force stays', async () => {
    const api = new LocalApi(box.config.home);
    const definition = { start: 'a', nodes: { a: { type: 'play', prompts: ['welcome'], next: 'nowhere' } } };
    await expect(api.request('PUT', '/flows/main', { name: 'Main', definition })).rejects.toThrow(
      /nodes\.a\.next: .*"a".*"next".*"nowhere"/,
    );
    expect(box.flows.prepare('main')?.version).toBe(1);
  });
});

describe('thirty calls at once on one E1', () => {
  it('are all answered, the next one finds no timeslot, and nothing of them is left', async () => {
    const before = await box.db.calls.count({});
    const answered = new Set<string>();
    box.calls.events.on('call.answered', ({ call }) => void answered.add(call.id));
    const placed = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        box.exchange.callers.place({ calledNumber: '95001', callingNumber: `1380013${1000 + i}` }),
      ),
    );
    expect(new Set(placed.map(({ timeslot }) => timeslot)).size).toBe(30);
    await expect(box.exchange.callers.place({ calledNumber: '95001' })).rejects.toMatchObject({ code: 'span_busy' });
    await waitFor(box.calls.events, 'call.answered', () => answered.size === 30);
    const { recordings } = await box.engine.command('engine.snapshot', {});
    expect(recordings).toHaveLength(30);
    for (const { id } of placed) await box.exchange.sendDigits(id, '1').catch(() => undefined);
    await waitFor(box.live, 'call.updated', () => box.calls.live().every(({ phase: now }) => now === 'queued'));
    await Promise.all(placed.map(({ id }) => box.exchange.hangUp(id)));
    for (const callId of answered) await storedCall(box, callId);
    await nothingLeaks(box);
    expect(await box.db.calls.count({})).toBe(before + 30);
    expect(await box.db.recordings.listByState('recording')).toEqual([]);
  });
});
