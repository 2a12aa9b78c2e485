// Answers of flows at rest and over HTTP, codes for prompts, numbers of announcements, and alarms that go out by mail.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CallEndedError } from '../../daemon/src/calls/flow-session.js';
import type { LiveEvents } from '../../daemon/src/contract/index.js';
import { mailAlarms } from '../../daemon/src/main/alarm-mail.js';
import { AppError, TypedEmitter, newUlid, silentLog } from '../../daemon/src/platform/index.js';
import { FlowRecordings, VoiceStore } from '../../daemon/src/recording/index.js';
import { hashPin, pinFits } from '../../daemon/src/platform/index.js';
import { wavOf } from '../support/archive-box.js';
import { Caller } from '../support/caller.js';
import { FakeClock } from '../support/clock-fake.js';
import { T0 } from '../support/db-rows.js';
import { codeOf, httpBox, type HttpBox } from '../support/http-box.js';

const folderOf = (box: HttpBox): string => join(box.home, 'flow-recordings');

function recordings(box: HttpBox, keepDays = 90): FlowRecordings {
  const store = new VoiceStore(folderOf(box), () => box.archive.sealingKeys);
  return new FlowRecordings({ db: box.db, store, keepDays, clock: box.clock, log: silentLog });
}

/** Who says so much into the file that he is given. */
class Speaker extends Caller {
  constructor(
    readonly saysMs: number,
    readonly thenHangsUp = false,
  ) {
    super();
  }

  override capture(path: string): ReturnType<Caller['capture']> {
    writeFileSync(path, wavOf(this.saysMs));
    if (this.thenHangsUp) this.hangUp();
    return super.capture(path);
  }
}

const OPTIONS = { maxMs: 10_000, silenceMs: 2000, terminator: '#' };

it('an answer is kept encrypted, also of one who hangs up, and goes when it was kept for long enough', async () => {
  const box = await httpBox();
  const flow = recordings(box, 10);
  const { file, durationMs } = await flow.record(new Speaker(4000), OPTIONS, { flow: 'ask', node: 'name' });
  expect(durationMs).toBe(4000);
  expect(readdirSync(folderOf(box))).toEqual([`${file}.cbr`]);
  const gone = flow.record(new Speaker(3000, true), OPTIONS, { flow: 'ask', node: 'name' });
  await expect(gone).rejects.toThrow(CallEndedError);
  expect(await box.db.voice.flowRecordings({ limit: 5, flowId: 'ask' })).toMatchObject([
    { durationMs: 3000, node: 'name', callId: 'CALL', callingNumber: '13800138000' },
    { id: file },
  ]);
  expect(await flow.expire()).toBe(0);
  box.clock.setWall(T0 + 11 * 86_400_000);
  expect(await flow.expire()).toBe(2);
  expect(readdirSync(folderOf(box))).toEqual([]);
});

it('an answer that a crash has cut off is kept as far as it goes, and one without a file is forgotten', async () => {
  const box = await httpBox();
  const flow = recordings(box);
  const begun = async (): Promise<string> => {
    const id = newUlid();
    const row = { id, callId: 'CALL', flowId: 'ask', node: 'name', callingNumber: '', startedAt: T0, durationMs: 0 };
    await box.db.write((tx) => tx.voice.insertFlowRecording({ ...row, state: 'recording' }));
    return id;
  };
  const [cut] = [await begun(), await begun()];
  const store = new VoiceStore(folderOf(box), () => box.archive.sealingKeys);
  writeFileSync(await store.incoming(cut), wavOf(2500));
  await flow.start();
  flow.stop();
  expect(await box.db.voice.flowRecordings({ limit: 5 })).toMatchObject([{ id: cut, durationMs: 2500 }]);
  expect(await box.db.voice.flowRecordingsBegun()).toEqual([]);
  expect(readdirSync(folderOf(box))).toEqual([`${cut}.cbr`]);
});

it('staff listen to answers over HTTP, which is noted; administrators remove them and give codes and numbers', async () => {
  const box = await httpBox();
  const flow = recordings(box);
  const { file } = await flow.record(new Speaker(2000), OPTIONS, { flow: 'ask', node: 'name' });
  await box.db.write((tx) => tx.voice.updateFlowRecording(file, { callId: newUlid() }));
  box.ports.voice = {
    openFlowRecording: (id) => flow.open(id),
    removeFlowRecording: (id) => flow.remove(id),
    promptTicket: ({ name, language }) => Promise.resolve({ code: '12345678', name, language, expiresAt: T0 }),
    hashPin,
  };
  const [admin, supervisor, agent] = [
    await box.signIn('admin'),
    await box.signIn('supervisor'),
    await box.signIn('agent'),
  ];
  const ask = (method: string, path: string, { token }: { token: string }, body?: unknown, headers = {}) =>
    box.ask(method, `/api/v1${path}`, { token, headers, ...(body === undefined ? {} : { body }) });
  expect(codeOf(await ask('GET', '/flow-recordings', agent))).toBe('permission_missing');
  expect((await ask('GET', '/flow-recordings', supervisor)).json).toMatchObject({ recordings: [{ id: file }] });
  const audio = await ask('GET', `/flow-recordings/${file}/audio`, supervisor, undefined, { range: 'bytes=0-3' });
  expect([audio.status, audio.text]).toEqual([206, 'RIFF']);
  expect(codeOf(await ask('DELETE', `/flow-recordings/${file}`, supervisor))).toBe('permission_missing');
  expect((await ask('DELETE', `/flow-recordings/${file}`, admin)).status).toBe(204);
  expect(codeOf(await ask('GET', `/flow-recordings/${file}/audio`, supervisor))).toBe('flow_recording_not_found');

  expect(codeOf(await ask('POST', '/prompt-tickets', supervisor, { name: 'hello', language: 'en' }))).toBe(
    'permission_missing',
  );
  expect(codeOf(await ask('POST', '/prompt-tickets', admin, { name: '../hello', language: 'en' }))).toBe(
    'body_invalid',
  );
  expect((await ask('POST', '/prompt-tickets', admin, { name: 'hello', language: 'en' })).status).toBe(201);

  const put = (id: string, body: object) => ask('PUT', `/announcements/${id}/telephone`, admin, body);
  expect(codeOf(await put('outage', { number: '5' }))).toBe('announcement_not_found');
  for (const id of ['outage', 'holiday'])
    await ask('PUT', `/announcements/${id}`, admin, { active: false, prompts: [], until: null });
  expect((await put('outage', { number: '5', pin: '4321' })).json).toEqual({ id: 'outage', number: '5', hasPin: true });
  expect(codeOf(await put('holiday', { number: '5' }))).toBe('number_in_use');
  expect((await put('outage', { number: '6' })).json).toEqual({ id: 'outage', number: '6', hasPin: true });
  const [row] = await box.db.voice.announcementNumbers();
  expect(await pinFits(row!.pinHash!, '4321')).toBe(true);
  expect(JSON.stringify(row)).not.toContain('4321');
  expect((await ask('DELETE', '/announcements/outage/telephone', admin)).status).toBe(204);
  expect(codeOf(await ask('DELETE', '/announcements/outage/telephone', admin))).toBe('announcement_number_not_found');
});

it('an alarm of the recordings goes to the administrator, once, and not when it ends', () => {
  const live = new TypedEmitter<LiveEvents>();
  const sent: { to: string; values: Record<string, string> }[] = [];
  const mail = {
    ready: true,
    send: (one: (typeof sent)[0]) => (sent.push(one), Promise.reject(new AppError('internal', { reference: '' }))),
  };
  const off = mailAlarms({
    ...{
      live,
      mail: mail as never,
      to: () => 'admin@example.com',
      language: 'en',
      clock: new FakeClock(),
      log: silentLog,
    },
  });
  const alarm = { kind: 'space', detail: '1 GB is left', freeBytes: 1 } as const;
  live.emit('recording.alarm', { ...alarm, active: true });
  live.emit('recording.alarm', { ...alarm, active: false });
  off();
  live.emit('recording.alarm', { ...alarm, active: true });
  expect(sent).toMatchObject([{ to: 'admin@example.com', values: { detail: '1 GB is left' } }]);
});
