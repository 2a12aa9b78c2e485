// An agent at a telephone, with real audio: he signs in with a PIN, dials again and by short numbers, and hears why he may not.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LiveEvents } from '../../daemon/src/contract/index.js';
import type { Box } from '../../daemon/src/main.js';
import { isAppError } from '../../daemon/src/platform/index.js';
import { phase, startTestBox, stationFree, storedCall, waitFor, whileRunning } from '../support/box.js';
import { indexOfPart, speechAlaw, stereoAlaw, writeTone } from '../support/wav.js';

let box: Box;
const running = whileRunning();
beforeAll(async () => {
  box = await startTestBox({ env: { CORDBOARD_VIRTUAL_STATIONS: '3' } }, running);
  const chinese = join(box.config.home, 'test-prompts', 'zh-CN');
  mkdirSync(chinese, { recursive: true });
  writeTone(join(chinese, 'enter-pin.wav'), 450, 250);
  await box.db.write(async (tx) => {
    await tx.agents.insert({ id: '31', name: 'Ann', queues: [], language: 'en' });
    await tx.agents.insert({ id: '32', name: 'Li', queues: [], language: 'zh-CN' });
  });
  await waitFor(box.live, 'agent.updated', () => box.agents.find('32') !== undefined);
});
afterAll(() => running.end());

/** A telephone is lifted; what it hears until it is hung up is recorded. */
async function lift(station: number, name: string) {
  await box.exchange.lift(station);
  const { legs } = await box.engine.command('engine.snapshot', {});
  const far = legs.find(({ analog }) => analog === 10_000 + station)!.port;
  // The keys that the telephone sends end, too.
  const own = legs.find(({ analog }) => analog === station)!.port;
  const path = join(box.config.home, `${name}.wav`);
  const { recording } = await box.engine.command('recording.start', { port: far, path });
  let said = 0;
  const off = box.engine.events.on(
    'play.ended',
    ({ port, reason }) => void (said += port === own && reason === 'finished' ? 1 : 0),
  );
  return {
    dial: (keys: string) => box.exchange.dial(station, keys),
    /** a prompt was said to its end, so many by now */
    prompts: (count: number) => waitFor(box.engine.events, 'play.ended', () => said >= count),
    async hangUp(): Promise<(prompt: string, language?: string) => boolean> {
      off();
      await box.engine.command('recording.stop', { recording });
      // It hangs up by itself when it hears busy tone.
      await box.exchange.hangUpPhone(station).catch((error: unknown) => {
        if (!isAppError(error, 'phone_wrong_state')) throw error;
      });
      await stationFree(box, station);
      const { left, right } = stereoAlaw(path);
      return (prompt, language = 'en') => {
        const tone = speechAlaw(join(box.config.home, 'test-prompts', language, `${prompt}.wav`)).subarray(160, 1000);
        return indexOfPart(left, tone) >= 0 || indexOfPart(right, tone) >= 0;
      };
    },
  };
}

it('asks for the PIN in the language of the agent, and lets nobody in with a wrong one', async () => {
  await box.desk.pins.set('31', '4321');
  await box.desk.pins.set('32', '1234');
  let phone = await lift(1, 'wrong');
  await phone.dial('*1131#');
  await phone.prompts(1);
  await phone.dial('1111#');
  await phone.prompts(2);
  let heard = await phone.hangUp();
  expect([heard('enter-pin'), heard('wrong-number-or-pin'), heard('agent-signed-in')]).toEqual([true, true, false]);
  expect(box.agents.find('31')?.state).toBe('signedOut');

  phone = await lift(2, 'chinese');
  await phone.dial('*1132#');
  await phone.prompts(1);
  await phone.dial('1234#');
  await waitFor(box.live, 'agent.updated', () => box.agents.find('32')?.state === 'ready');
  heard = await phone.hangUp();
  expect([heard('enter-pin', 'zh-CN'), heard('enter-pin', 'en')]).toEqual([true, false]);

  phone = await lift(1, 'right');
  await phone.dial('*1131*4321#');
  await phone.prompts(1);
  heard = await phone.hangUp();
  expect([heard('agent-signed-in'), heard('enter-pin')]).toEqual([true, false]);
  expect(box.agents.find('31')).toMatchObject({ state: 'ready', station: 1 });
});

it('locks a telephone after five wrong PINs, which no restart of the tries undoes', async () => {
  for (let i = 0; i < 4; i++) expect(await box.desk.pins.check('31', '0000', 3)).toBe('wrong');
  const phone = await lift(3, 'locked');
  await phone.dial('*1131*0000#');
  await phone.prompts(1);
  const heard = await phone.hangUp();
  expect(heard('sign-in-locked')).toBe(true);
  expect(await box.desk.pins.check('31', '4321', 3)).toBe('locked');
  expect(await box.desk.pins.check('31', '4321', 1)).toBe('right');
});

/** What the code has dialled. */
async function dialsBy(code: string): Promise<string> {
  const phone = await lift(1, `code-${code.replace(/\W/g, '')}`);
  const arrived = new Promise<{ id: string; number: string }>((resolve) =>
    box.calls.events.once('call.arrived', ({ call }) => resolve({ id: call.id, number: call.calledNumber })),
  );
  await phone.dial(code);
  const { id, number } = await arrived;
  await phase(box, id, 'talking');
  await phone.hangUp();
  await storedCall(box, id);
  await stationFree(box, 2);
  return number;
}

it('dials the last number again, and those of the lists, his own before that of everybody', async () => {
  const none = await lift(1, 'none');
  await none.dial('*66#');
  await none.prompts(1);
  expect((await none.hangUp())('no-number-known')).toBe(true);
  await box.exchange.setBehaviour(2, {
    answer: true,
    answerAfterMs: 0,
    play: null,
    hangUpAfterMs: null,
    hangUpOnTone: true,
  });
  await box.desk.service.putSpeedDial({ slot: '07', number: '3', name: 'All', owner: null });
  await box.desk.service.putSpeedDial({ slot: '07', number: '2', name: 'Own', owner: '31' });
  expect(await dialsBy('*007#')).toBe('2');
  expect(await dialsBy('*66#')).toBe('2');
  expect(await box.desk.service.lastDialled('31')).toMatchObject([{ number: '2', station: 1 }]);
});

it('says and tells why a number may not be dialled, in both languages', async () => {
  await box.agents.signIn('31', 1);
  const told = new Promise<LiveEvents['dial.refused']>((resolve) => box.live.once('dial.refused', resolve));
  const phone = await lift(1, 'refused');
  // Abroad, which an analog telephone may not call.
  await phone.dial('00442071838750#');
  expect(await told).toMatchObject({ agentId: '31', station: 1, number: '00442071838750' });
  await phone.prompts(1);
  const heard = await phone.hangUp();
  // No route is laid down, so nothing is known that takes it.
  const said = { unknown: 'dial-unknown', invalid: 'dial-unknown', barred: 'dial-barred', noWay: 'dial-no-way' };
  const { code, zh, en } = await told;
  expect([code, heard(said[code as keyof typeof said])]).toEqual([code, true]);
  expect([zh, en].map((text) => text.length > 3)).toEqual([true, true]);
  const refusal = await box.desk.service.originate(1, '00442071838750').catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'dial_refused' });
});
