// Voicemail by telephone over the virtual card: what was said is looked for in what is heard, by correlation.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBox, type Box } from '../../daemon/dist/main.js';
import { VoicemailBoxCreate, type VoiceMessage, type VoicemailBox } from '../../daemon/src/contract/index.js';
import { newUlid } from '../../daemon/src/platform/index.js';
import {
  nothingLeaks,
  recordingOf,
  signInByPhone,
  startTestBox,
  stationFree,
  storedCall,
  waitFor,
  whileRunning,
} from '../support/box.js';
import { outboundRouteRow } from '../support/db-rows.js';
import { Insider, Outsider, heardFile } from '../support/voice.js';
import { sentence, understood, type Sentence } from '../support/voice-words.js';

const MOBILE = '13300000000';
const ending = whileRunning();
let box: Box;
beforeAll(async () => {
  box = await startTestBox({ start: startBox }, ending);
  await signInByPhone(box, '2001', 1);
});
afterAll(() => ending.end());

const make = (id: string, over: object = {}): Promise<VoicemailBox> =>
  box.voicemail.create(VoicemailBoxCreate.parse({ id, name: id, kind: 'agent', language: 'en', ...over }));

/** Somebody calls a number and leaves a message. */
async function leaves(number: string, words: Sentence, from = '139'): Promise<void> {
  const caller = await (await Outsider.calls(box, number, from)).answered();
  await caller.hears('vm-after-tone', { toItsEnd: true });
  await caller.says(sentence(words).path);
  await caller.press('#');
  await caller.hears('vm-review');
  await caller.press('#');
  await caller.hears('vm-sent');
  await caller.gone();
}

const states = async (id: string): Promise<string[]> =>
  (await box.voicemail.messages(id)).map(({ state, callingNumber }) => `${callingNumber} ${state}`);

async function counted(id: string, fresh: number): Promise<VoiceMessage[]> {
  const now = async (): Promise<number> =>
    (await box.voicemail.messages(id)).filter(({ state }) => state === 'new').length;
  await expect.poll(now, { timeout: 45_000 }).toBe(fresh);
  return box.voicemail.messages(id);
}

it('a message is heard by its owner at his telephone, and does not come into the recordings of calls', async () => {
  await make('li', { number: '7001', agents: ['2001'], stations: [1], pin: '2468' });
  await leaves('7001', 'tt-weasels');
  expect(await states('li')).toEqual(['139 new']);
  const owner = await Insider.lifts(box, 1, '*97');
  const heard = await owner.recordsWhatHeHears(heardFile(box, 'owner'));
  await owner.hears('file', { toItsEnd: true });
  await owner.hears('vm-menu');
  await owner.press('2');
  await owner.hears('vm-no-more');
  await owner.press('#');
  await owner.gone();
  await stationFree(box, 1);
  expect(understood(heard, 'tt-weasels')).toBe(true);
  expect(await states('li')).toEqual(['139 read']);
  expect((await box.db.recordings.findByCall(owner.callId))!.durationMs).toBeLessThan(3000);
  await nothingLeaks(box);
});

it('a greeting recorded by telephone is what the next caller hears; who hangs up in his sentence has left it', async () => {
  const owner = await Insider.lifts(box, 1, '*97');
  await owner.hears('vm-new-count');
  await owner.press('0');
  await owner.hears('vm-menu');
  await owner.press('0');
  await owner.hears('vm-greeting-menu');
  await owner.press('1');
  await owner.hears('vm-which-greeting');
  await owner.press('2');
  await owner.hears('record-after-tone', { toItsEnd: true });
  await owner.says(sentence('vm-theperson').path);
  await owner.press('#');
  await owner.hears('record-review');
  await owner.press('1');
  await owner.hears('vm-greeting-kept');
  await owner.press('#');
  await owner.gone();
  await stationFree(box, 1);
  expect((await box.voicemail.box('li')).chosenGreeting).toBe(2);

  const caller = await (await Outsider.calls(box, '7001', '138')).answered();
  await caller.hears('vm-after-tone', { toItsEnd: true });
  await caller.says(sentence('vm-sorry').path);
  await caller.hangsUp();
  await storedCall(box, caller.callId);
  expect(understood(await recordingOf(box, caller.callId), 'vm-theperson', 2)).toBe(true);
  await counted('li', 1);
  expect(await states('li')).toEqual(['138 new', '139 read']);
  // Who says nothing has left nothing.
  const silent = await (await Outsider.calls(box, '7001', '137')).answered();
  await silent.hears('vm-after-tone', { toItsEnd: true });
  await silent.hangsUp();
  await expect.poll(async () => (await box.db.voicemail.recording()).length).toBe(0);
  expect(await states('li')).toEqual(['138 new', '139 read']);
});

it('a full box says so, and a message is handed on to another', async () => {
  await make('wang', { number: '7002', maxMessages: 1 });
  const owner = await Insider.lifts(box, 1, '*97');
  await owner.hears('file');
  await owner.press('4');
  await owner.hears('vm-hand-on');
  await owner.press('7002#');
  await owner.hears('vm-handed-on');
  await owner.press('#');
  await owner.gone();
  await stationFree(box, 1);
  expect(await states('wang')).toEqual(['138 new']);
  expect(await states('li')).toEqual(['138 handled', '139 read']);
  const caller = await (await Outsider.calls(box, '7002', '136')).answered();
  await caller.hears('vm-full');
  await caller.gone();
  expect(await states('wang')).toEqual(['138 new']);
});

it('five wrong PINs lock out who calls from there, and not the owner elsewhere', async () => {
  await box.db.write((tx) =>
    tx.routes.insert({
      id: newUlid(),
      calledNumber: '4004',
      language: 'en',
      target: { kind: 'voicemailMenu' },
    } as never),
  );
  const enter = async (from: string, pins: string[]): Promise<Outsider> => {
    const caller = await (await Outsider.calls(box, '4004', from)).answered();
    for (const pin of pins) {
      await caller.hears('vm-enter-box');
      await caller.press('7001#');
      await caller.hears('enter-pin');
      await caller.press(`${pin}#`);
    }
    return caller;
  };
  const thief = await enter('135', ['1111', '2222', '3333', '4444', '5555']);
  await thief.hears('vm-locked');
  await thief.gone();
  const again = await enter('135', ['2468']);
  await again.hears('vm-locked');
  await again.gone();
  const owner = await enter('134', ['2468']);
  const heard = await owner.recordsWhatHeHears(heardFile(box, 'outside'));
  await owner.hears('file', { toItsEnd: true });
  await owner.hears('vm-menu');
  await owner.press('#');
  await owner.gone();
  expect(understood(heard, 'tt-weasels')).toBe(true);
  // A PIN is written down nowhere.
  const { row } = await storedCall(box, owner.callId);
  expect(row.digits).not.toContain('2468');
});

it('a call that nobody takes at a telephone goes to the box of who sits there', async () => {
  await box.voicemail.change('li', { answersStations: true, chosenGreeting: 0 });
  await box.exchange.lift(1);
  await waitFor(box.live, 'station.updated', () => box.stations.find(1)?.offHook === true);
  await leaves('1', 'tt-monkeysintro', MOBILE);
  await box.exchange.hangUpPhone(1);
  await stationFree(box, 1);
  expect((await states('li'))[0]).toBe(`${MOBILE} new`);
});

it('who calls back from his box is rung when he has hung up, and calls the number', async () => {
  await box.db.write((tx) => tx.outboundRoutes.insert(outboundRouteRow({ pattern: '1XXXXXXXXXX', trunks: ['e1'] })));
  for (const { id, callingNumber } of await box.voicemail.messages('li'))
    if (callingNumber !== MOBILE) await box.voicemail.setState(id, 'handled', 'li');
  const owner = await Insider.lifts(box, 1, '*97');
  await owner.hears('vm-from');
  await owner.press('5');
  await owner.hears('vm-calling-back');
  await owner.gone();
  const back = new Promise<string>((resolve) =>
    box.calls.events.once('call.dialling', ({ number }) => resolve(number)),
  );
  await waitFor(box.exchange.telephones.events, 'phone.changed', () => box.exchange.telephones.find(1).ringing, 30_000);
  await box.exchange.lift(1);
  expect(await back).toBe(MOBILE);
  await box.exchange.hangUpPhone(1);
  await stationFree(box, 1);
});
