// One of each thing that a box can hold, and everything that people or callers name themselves is markup that would hurt the page.
import { newUlid } from '../../daemon/dist/platform/index.js';
import type { UiBox } from './ui-box.js';

export const HOSTILE = '<img src=x onerror="window.hurt=1">';
/** What a script says that was run all the same, and what stands in the page that nobody of ours has put there. */
export const HURT = `String(window.hurt) + document.querySelectorAll('img[src="x"]').length`;

/** Ids for the paths of pages that show one thing. */
export async function layDown({ api, box }: UiBox): Promise<Record<string, string>> {
  const refused: string[] = [];
  const put = async <T>(method: string, path: string, body: unknown): Promise<T | undefined> =>
    api<T>(method, path, body).catch((error: unknown) => void refused.push(String(error)));
  const names = { nameZh: HOSTILE, nameEn: HOSTILE };

  await put('PATCH', '/queues/sales', { name: HOSTILE });
  await put('PATCH', '/agents/2001', { name: HOSTILE });
  await put('PUT', '/agents/2001/abilities', {
    ...{ skills: [{ skill: 'tea', level: 3 }], regions: [HOSTILE], customerLevels: [] },
  });
  await put('POST', '/agent-reasons', { code: '99', ...names });
  await put('POST', '/dispositions', { id: 'hostile', ...names });
  await put('PUT', '/speed-dials/07', { number: '13800138000', name: HOSTILE });
  await put('POST', '/contacts', {
    ...{
      name: HOSTILE,
      company: HOSTILE,
      address: HOSTILE,
      note: HOSTILE,
      numbers: ['13800138000'],
      tags: ['<img src=x>'],
    },
  });
  await put('POST', '/calendars', { id: 'hours', name: HOSTILE, weekly: [] });
  await put('POST', '/number-lists', { id: 'vip', name: HOSTILE, kind: 'vip' });
  await put('POST', '/number-lists/vip/entries', { number: '13800138000', reason: HOSTILE });
  await put('POST', '/ring-groups', { number: 7001, name: HOSTILE, stations: [1] });
  await put('POST', '/stations/sip', { number: 7101, name: HOSTILE });
  await put('POST', '/routes', { calledNumber: '7777', name: HOSTILE, flowId: 'main', language: 'zh-CN' });
  await put('POST', '/surveys', {
    ...{ id: 'asked', name: HOSTILE },
    questions: [
      { id: 'score', kind: 'score', say: { prompts: ['survey-score'], texts: { 'zh-CN': HOSTILE, en: HOSTILE } } },
    ],
  });
  await put('POST', '/conferences', { id: 'room', name: HOSTILE });
  await put('POST', '/voicemail/boxes', { id: 'box', name: HOSTILE, kind: 'queue', queueId: 'sales' });
  await put('PUT', '/music/house', { name: HOSTILE });
  await put('PUT', '/announcements/closed', { active: true, prompts: [], until: null });
  await put('PUT', '/flows/hostile/draft', {
    name: HOSTILE,
    definition: {
      ...{ start: 'say', nodes: { say: { type: 'play', prompts: [HOSTILE], next: null } } },
      layout: { say: { x: 0, y: 0, title: HOSTILE, note: HOSTILE } },
    },
  });
  await put('POST', '/recording-rules', { name: HOSTILE });
  await put('POST', '/roles', { id: 'hostile', name: HOSTILE, permissions: [], scope: { kind: 'all' } });
  await put('POST', '/report-schedules', {
    ...{ name: HOSTILE, report: 'agents', period: 'yesterday', by: 'none', filters: {}, format: 'csv' },
    ...{ language: 'en', recipients: ['a@example.com'], time: '08:00', days: [1] },
  });

  // what comes from the line: whatever a telephone says of itself
  const now = Date.now();
  const during = { startedAt: now - 60_000, answeredAt: now - 50_000, endedAt: now - 1000 };
  const line = { callingName: HOSTILE, callingNumber: HOSTILE, calledNumber: HOSTILE, digits: HOSTILE };
  const [id, recorded] = [newUlid(), newUlid()];
  await box.db.put(() => ({
    // the file of the recording is nowhere: it is listed, and its call is not opened
    calls: [recorded, id].map((one) => ({
      ...{ id: one, direction: 'in', state: 'ended', ...during, ...line, origin: null, treatment: null, span: 1 },
      ...{ timeslot: 1, flowId: null, queueId: 'sales', agentId: '2001', cause: 16, releasedBy: 'caller' },
    })),
    segments: (['queued', 'talk'] as const).map((kind) => ({
      ...{ id: newUlid(), callId: id, kind, startedAt: now - 50_000, endedAt: now - 1000 },
      data: { queueId: 'sales', agentId: '2001', station: 1, node: HOSTILE },
    })),
  }));
  await box.db.write(async (tx) => {
    await tx.recordings.insert({
      ...{ id: newUlid(), callId: recorded, path: 'none.wav', startedAt: now - 50_000, endedAt: now, durationMs: 900 },
      ...{ bytes: 1, lostMs: 0, state: 'complete' },
    });
    await tx.recordingArchive.addDeletion({
      ...{ id: newUlid(), recordingId: newUlid(), callId: id, startedAt: now, durationMs: 1, bytes: 1, at: now },
      ...{ by: HOSTILE, reason: HOSTILE },
    });
    await tx.desk.putNote({
      ...{ id: `${id}/2001`, callId: id, agentId: '2001', queueId: 'sales', disposition: 'hostile' },
      ...{ note: HOSTILE, followUp: true, at: now },
    } as never);
    await tx.voicemail.insertMessage({
      ...{ id: newUlid(), boxId: 'box', callId: id, callingNumber: HOSTILE, receivedAt: now, durationMs: 1 },
      state: 'new',
    } as never);
    await tx.callbacks.insert({
      ...{ id: newUlid(), queueId: 'sales', number: HOSTILE, language: 'zh-CN', source: 'request', state: 'waiting' },
      entry: { skills: [], region: HOSTILE, customerLevel: null, priority: null } as never,
      ...{ takenAt: now, enteredAt: now, dueAt: now, expiresAt: now + 9e7, tries: 0, nextAt: null, lastResult: null },
      ...{ agentId: null, originalCallId: null, callId: null, createdBy: null, note: HOSTILE },
    });
  });
  if (refused.length > 0) throw new Error(refused.join('\n'));
  return {
    call: id,
    survey: 'asked',
    conference: 'room',
    queue: 'sales',
    flow: 'hostile',
    calendar: 'hours',
    list: 'vip',
  };
}
