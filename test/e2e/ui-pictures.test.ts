// The agent's desk in the middle of a working day, as the picture in the README has it. Without screens there is nothing to do here.
import { afterAll, beforeAll, test } from 'vitest';
import { callIn, dchannelsUp, signInByPhone, waitFor } from '../support/box.js';
import { putLongCall } from '../support/long-call.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';

const SHOOTS = process.env.CORDBOARD_SCREENS === 'all';
const PEOPLE = ['李娜', '陈晨', '王磊', '周涛', '吴静', '徐丽', '孙浩', '郭芳'];
const NOTES = [
  '咨询保修范围，已说明二线上门时间。',
  '更换电源后正常，约下周回访。',
  '2 号机昨晚重启两次，怀疑供电；请客户提供日志。',
];
const NOTE = '客户反映 2 号机昨晚重启两次，怀疑供电。已请其提供日志，约今天 16:00 回电。';
const NUMBER = '13800138000';

let ui: UiBox;
beforeAll(async () => {
  if (!SHOOTS) return;
  ui = await startUiBox();
  const { api, box } = ui;
  await dchannelsUp(box);
  for (const [index, name] of PEOPLE.entries()) await api('PATCH', `/agents/${2001 + index}`, { name });
  await api('PATCH', '/queues/service', { name: '售后', ringTimeoutMs: 60_000 });
  for (const [id, nameZh, nameEn] of [
    ['fault', '故障', 'Fault'],
    ['question', '咨询', 'Question'],
    ['return', '退换', 'Return'],
    ['complaint', '投诉', 'Complaint'],
  ])
    await api('POST', '/dispositions', { id, nameZh, nameEn });
  await api('POST', '/contacts', {
    ...{ name: '李建国', company: '苏州工业园区云帆科技', level: 2, tags: ['保修期内', '重点客户'], numbers: [NUMBER] },
    address: '星湖街 328 号 4-201',
  });
  for (const [index, note] of NOTES.entries()) {
    const id = await putLongCall({
      ...{ box, queueId: 'service', missed: '2003', took: '2001', asked: '2002' },
      startedAt: Date.now() - (NOTES.length - index) * 86_400_000 * 3,
    });
    await api('PUT', `/calls/${id}/notes/2001`, { disposition: index === 0 ? 'question' : 'fault', note });
  }
}, 120_000);
afterAll(() => ui?.close());

test.runIf(SHOOTS)(
  'a working day at the desk',
  async () => {
    const { api, box } = ui;
    for (let n = 2; n <= 6; n += 1) await signInByPhone(box, `200${n}`, n);
    for (const n of [2, 3, 4, 5, 6]) await api('PATCH', `/agents/200${n}`, { queues: ['sales'] });
    await api('POST', '/agents/2004/state', { state: 'notReady' });
    await signInByPhone(box, '2001', 1);
    await api('PATCH', '/agents/2001', { queues: ['service'] });
    const { page } = await ui.browser({ token: await ui.user('li.na', 'agent', '2001') });
    await page.goto(`${ui.origin}/desk`);
    await callIn(box, { callingNumber: NUMBER, digits: '2', digitsAfterMs: 100 });
    await waitFor(box.live, 'agent.updated', () => box.agents.find('2001')?.state === 'ringing');
    await page.locator('[aria-keyshortcuts="F2"]').waitFor();
    await page.keyboard.press('F2');
    await waitFor(box.live, 'agent.updated', () => box.agents.find('2001')?.state === 'talking');
    await page.locator('[data-note]').fill(NOTE);
    await page.locator('[data-note-state=saved]').waitFor();
    await shootAll(page, 'picture-desk', 'body:has([data-today]):has(.history li):has([data-note-state=saved])', [
      ...[...PEOPLE, ...NOTES, NOTE, '李建国', '苏州工业园区云帆科技', '保修期内', '重点客户', '星湖街 328 号 4-201'],
      ...['售后', '李.娜', 'li.na', 'Fault', 'Question', 'Return', 'Complaint'],
    ]);
  },
  300_000,
);
