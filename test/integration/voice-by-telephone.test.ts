// What is recorded by telephone and heard by others: answers in flows, prompts, announcements; and the box that calls out for a message.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { startBox, type Box } from '../../daemon/dist/main.js';
import { VoicemailBoxCreate, type FlowDefinitionInput } from '../../daemon/src/contract/index.js';
import { newUlid } from '../../daemon/src/platform/index.js';
import { outboundRouteRow } from '../support/db-rows.js';
import {
  recordingOf,
  signInByPhone,
  startTestBox,
  stationFree,
  storedCall,
  waitFor,
  whileRunning,
} from '../support/box.js';
import { recordAt } from '../support/recorded.js';
import { Insider, Listener, Outsider, heardFile } from '../support/voice.js';
import { sentence, understood } from '../support/voice-words.js';

const ending = whileRunning();
let box: Box;
beforeAll(async () => {
  box = await startTestBox({ start: startBox }, ending);
});
afterAll(() => ending.end());

async function live(id: string, number: string, definition: FlowDefinitionInput): Promise<void> {
  const check = await box.flows.validate(definition, 'en', id);
  if (!check.ok) throw new Error(check.problems.map(({ message }) => message).join('\n'));
  await box.db.write(async (tx) => {
    await tx.flows.put({ id, name: id, definition: check.definition, updatedAt: 1 });
    await tx.routes.insert({ id: newUlid(), calledNumber: number, flowId: id, language: 'en' });
  });
  await expect.poll(() => box.flows.live(id) !== undefined).toBe(true);
}

/** Whoever is asked to speak: says it, and keeps it. */
async function dictates(who: Insider | Outsider, words: Parameters<typeof sentence>[0]): Promise<void> {
  await who.hears('record-after-tone', { toItsEnd: true });
  await who.says(sentence(words).path);
  await who.press('#');
  await who.hears('record-review');
  await who.press('1');
  await who.hears('record-kept');
}

it('a flow records what its caller says; it is kept encrypted, heard, and removed', async () => {
  await live('ask', '4101', {
    start: 'ask',
    variables: { answer: { type: 'string' }, ms: { type: 'number' } },
    nodes: {
      ask: { type: 'record', prompts: ['welcome'], variable: 'answer', lengthVariable: 'ms', next: 'bye' },
      bye: { type: 'play', prompts: ['goodbye'], next: 'end' },
      end: { type: 'hangup' },
    },
  });
  const caller = await (await Outsider.calls(box, '4101', '139')).answered();
  await caller.hears('welcome', { toItsEnd: true });
  await caller.says(sentence('tt-weasels').path);
  await caller.press('#');
  await caller.hears('goodbye');
  await caller.gone();
  await storedCall(box, caller.callId);
  const [made] = await box.db.voice.flowRecordings({ limit: 5 });
  expect(made).toMatchObject({
    callId: caller.callId,
    flowId: 'ask',
    node: 'ask',
    callingNumber: '139',
    state: 'kept',
  });
  expect(made!.durationMs).toBeGreaterThan(2000);
  const port = box.voice.port();
  const source = await port.openFlowRecording(made!.id);
  writeFileSync(heardFile(box, 'answer'), await source.read(0, source.bytes));
  await source.close();
  expect(understood(heardFile(box, 'answer'), 'tt-weasels')).toBe(true);
  await port.removeFlowRecording(made!.id);
  expect(await box.voice.sealedFiles()).toEqual([]);
});

it('a prompt that was recorded by telephone is played by a flow, and its code is good once', async () => {
  const { code } = await box.voice.port().promptTicket({ name: 'spoken', language: 'en' }, 'admin');
  const speaker = await Insider.lifts(box, 2, `*90${code}#`);
  await dictates(speaker, 'tt-somethingwrong');
  await speaker.gone();
  await stationFree(box, 2);
  const again = await Insider.lifts(box, 2, `*90${code}#`);
  await again.hears('record-code-unknown');
  await again.gone();
  await stationFree(box, 2);

  await live('plays', '4102', {
    start: 'say',
    nodes: { say: { type: 'play', prompts: ['spoken'], next: 'end' }, end: { type: 'hangup' } },
  });
  const caller = await (await Outsider.calls(box, '4102')).answered();
  await caller.gone();
  expect(understood(await recordingOf(box, caller.callId), 'tt-somethingwrong', 2)).toBe(true);

  // With a telephone named it rings at once, and who lifts it speaks.
  await box.exchange.setBehaviour(3, {
    answer: true,
    answerAfterMs: 100,
    play: null,
    hangUpAfterMs: null,
    hangUpOnTone: true,
  });
  let callId: string | undefined;
  const listener = new Listener(box, () => callId);
  const off = box.calls.events.on('call.arrived', ({ call }) => void (callId = call.id));
  await box.voice.port().promptTicket({ name: 'spoken-2', language: 'en', station: 3 }, 'admin');
  off();
  await listener.hears('record-after-tone');
  await box.exchange.hangUpPhone(3);
});

it('what is said in the echo test is heard again, until one hangs up, and kept nowhere', async () => {
  const tester = await Insider.lifts(box, 2, '*43');
  const heard = await tester.recordsWhatHeHears(heardFile(box, 'echo'));
  await tester.hears('echo-test', { toItsEnd: true });
  await tester.says(sentence('vm-advopts').path);
  await tester.hears('file', { toItsEnd: true });
  await tester.hears('echo-test-again', { toItsEnd: true });
  await tester.hears('echo-test-nothing');
  await tester.hangsUp();
  await stationFree(box, 2);
  expect(understood(heard, 'vm-advopts')).toBe(true);
  expect(await box.voice.sealedFiles()).toEqual([]);
});

it('an announcement is switched by telephone with its PIN, and is heard from then on', async () => {
  const row = {
    id: 'outage',
    name: '',
    active: false,
    prompts: ['no-agent'],
    until: null,
    updatedAt: 1,
    updatedBy: '',
  };
  const pinHash = await box.voice.port().hashPin('4321');
  await box.db.write(async (tx) => {
    await tx.announcements.put(row);
    await tx.voice.putAnnouncementNumber({ id: 'outage', number: '5', pinHash });
  });
  await live('announces', '4103', {
    start: 'tell',
    nodes: {
      tell: { type: 'announce', announcement: 'outage', next: 'bye' },
      bye: { type: 'play', prompts: ['goodbye'], next: 'end' },
      end: { type: 'hangup' },
    },
  });
  const owner = await Insider.lifts(box, 2, '*915#');
  await owner.hears('enter-pin');
  await owner.press('1111#');
  await owner.hears('wrong-number-or-pin', { toItsEnd: true });
  await owner.press('4321#');
  await owner.hears('announcement-off');
  await owner.press('2');
  await dictates(owner, 'vm-sorry');
  await owner.hears('announcement-off');
  await owner.press('1');
  await owner.hears('announcement-on');
  await owner.press('#');
  await owner.gone();
  await stationFree(box, 2);
  expect(await box.db.announcements.find('outage')).toMatchObject({ active: true, prompts: ['announcement-outage'] });
  const caller = await (await Outsider.calls(box, '4103')).answered();
  await caller.gone();
  expect(understood(await recordingOf(box, caller.callId), 'vm-sorry', 2)).toBe(true);
});

it('who waits too long in a queue leaves a message', async () => {
  await box.voicemail.create(VoicemailBoxCreate.parse({ id: 'sales', name: 'Sales', kind: 'queue', language: 'en' }));
  await box.db.write(async (tx) => {
    await tx.queues.update('sales', { maxWaitMs: 1000, overflow: { to: 'voicemail', box: 'sales' } });
    const target = { kind: 'queue', queueId: 'sales' };
    await tx.routes.insert({ id: newUlid(), calledNumber: '4105', language: 'en', target } as never);
  });
  const caller = await (await Outsider.calls(box, '4105', '138')).answered();
  await caller.hears('vm-after-tone', { toItsEnd: true });
  await caller.says(sentence('tt-weasels').path);
  await caller.hangsUp();
  await expect
    .poll(() => box.voicemail.messages('sales'), { timeout: 45_000 })
    .toMatchObject([{ state: 'new', callingNumber: '138', callId: caller.callId }]);
});

it('the box calls a number for a new message, again when it was busy, and plays it to who knows the PIN', async () => {
  await signInByPhone(box, '2001', 1);
  await box.voicemail.create(
    VoicemailBoxCreate.parse({
      ...{ id: 'li', name: 'li', kind: 'agent', language: 'en', number: '7001', pin: '2468' },
      ...{ notifyNumber: '13900000001', notifyPauseMs: 10_000 },
    }),
  );
  await box.db.write((tx) => tx.outboundRoutes.insert(outboundRouteRow({ pattern: '1XXXXXXXXXX', trunks: ['e1'] })));
  box.exchange.subscribers.setPlan('13900000001', { refuseCause: 17 });
  const caller = await (await Outsider.calls(box, '7001', '139')).answered();
  await caller.hears('vm-after-tone', { toItsEnd: true });
  await caller.says(sentence('tt-monkeysintro').path);
  await caller.hangsUp();
  const notice = async () => (await box.db.voice.noticesOf('li'))[0];
  await expect.poll(notice, { timeout: 45_000 }).toMatchObject({ state: 'waiting', tries: 1, lastResult: 'cause 17' });

  let callId: string | undefined;
  const listener = new Listener(box, () => callId);
  box.calls.events.on('call.arrived', ({ call }) => void (callId = call.id));
  box.exchange.subscribers.setPlan('13900000001', { answerAfterMs: 200 });
  const mobile = () => box.exchange.subscribers.list().find(({ state }) => state === 'answered');
  await waitFor(box.exchange.subscribers.events, 'call.changed', () => mobile() !== undefined, 40_000);
  const { port, leg } = mobile()!;
  const heard = heardFile(box, 'mobile');
  const whole = await recordAt(box, port, heard);
  const press = (digits: string) => box.engine.command('digits.send', { port, digits });
  await listener.hears('vm-notice');
  await press('1');
  await listener.hears('enter-pin');
  await press('2468#');
  await listener.hears('file', { toItsEnd: true });
  await listener.hears('vm-menu');
  await box.exchange.subscribers.hangUp(leg);
  await expect.poll(notice, { timeout: 45_000 }).toMatchObject({ state: 'reached', tries: 2 });
  await whole();
  expect(understood(heard, 'tt-monkeysintro')).toBe(true);
  expect(await box.voicemail.messages('li')).toMatchObject([{ state: 'read' }]);
  const { row } = await storedCall(box, callId!);
  expect(row).toMatchObject({ direction: 'out', calledNumber: '13900000001' });
});
