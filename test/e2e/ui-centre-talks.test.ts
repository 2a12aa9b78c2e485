// A conference moderated from its page with people in it, results of a survey, music, call-backs and reasons.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import type {
  Callback,
  ConferenceStatus,
  Disposition,
  MusicPlaylist,
  Survey,
} from '../../daemon/src/contract/index.js';
import { newUlid } from '../../daemon/src/platform/index.js';
import { callRow } from '../support/db-rows.js';
import { toneWav } from '../support/wav.js';
import { shootNamed } from './centre-shots.js';
import type { Browser } from './ui-browser.js';
import { startUiBox, type UiBox } from './ui-box.js';

let ui: UiBox;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  ui = await startUiBox();
  browser = await ui.browser();
  ({ page } = browser);
});
afterAll(() => ui.close());

const open = (path: string) => page.goto(`${ui.origin}${path}`);
const save = () => page.locator('.el-drawer__footer .el-button--primary:visible').click();
const gone = () => page.locator('.el-drawer:visible').waitFor({ state: 'detached' });
const names = [
  '评价规则',
  'rating',
  ...[
    '满意度',
    '周会',
    '产品评审',
    '销售',
    '服务',
    '服务评价',
    '满意度调查',
    '夜间',
    '新歌',
    '午餐',
    '投诉',
    '退货',
    '质量',
  ],
  ...['Lunch', 'Complaint', 'Return', 'Quality', 'Opsound', 'opsound', 'VIP', 'MB', 'night', 'survey-score'],
  ...Array.from({ length: 8 }, (_, at) => `坐席 ${2001 + at}`),
];

test('a room is made, people come in, and they are muted, locked in, recorded and sent out', async () => {
  await open('/conferences');
  await page.getByRole('button', { name: '新建会议室' }).first().click();
  await page.locator('input[name="name"]').fill('周会');
  await page.locator('input[name="id"]').fill('weekly');
  await page.locator('input[name="number"]').fill('6001');
  await save();
  await page.locator('[data-room="weekly"]').waitFor();
  await gone();
  const target = { kind: 'conference', room: 'weekly' };
  await ui.api('POST', '/routes', { calledNumber: '95003', target, language: 'zh-CN' });
  for (const callingNumber of ['13800138000', '13900139000'])
    await ui.api('POST', '/exchange/calls', { calledNumber: '95003', callingNumber });
  await page.locator('[data-room="weekly"] a').first().click();
  const of = (number: string) => page.locator(`[data-party="${number}"]`);
  await of('13800138000').waitFor();
  await of('13900139000').waitFor();
  await of('13800138000').locator('[data-act="mute"]').click();
  await of('13800138000').getByText('已静音').waitFor();
  const status = () => ui.api<ConferenceStatus>('GET', '/conferences/weekly/parties');
  expect((await status()).parties.find(({ number }) => number === '13800138000')?.muted).toBe(true);
  await page.locator('[data-act="lock"]').click();
  await page.getByText('已锁定').waitFor();
  await page.locator('[data-act="record"]').click();
  await page.getByText('正在录音').waitFor();
  expect(await status()).toMatchObject({ locked: true, recording: true });
  await shootNamed(page, 'centre-conference', '[data-party]', names);
  await open('/conferences');
  await shootNamed(page, 'centre-conferences', '[data-room] .busy', names);
  await page.evaluate(`localStorage.setItem('cordboard.language', 'zh-CN')`);
  await open('/conferences/weekly');
  await of('13900139000').locator('[data-act="remove"]').click();
  await page.locator('.el-message-box__btns .el-button--danger').click();
  await of('13900139000').waitFor({ state: 'detached' });
  await page.locator('[data-act="end"]').click();
  await page.locator('.el-message-box__btns .el-button--danger').click();
  await page.getByText('现在没有人在会议室').waitFor();
  expect((await status()).parties).toEqual([]);
});

test('a survey is made with a rule, and its results lead to the calls', async () => {
  await open('/surveys');
  await page.getByRole('button', { name: '新建问卷' }).first().click();
  await page.locator('input[name="name"]').fill('服务评价');
  await page.locator('input[name="id"]').fill('rating');
  await save();
  await page.waitForURL('**/surveys/rating?tab=questions');
  await page.getByRole('button', { name: '添加问题' }).click();
  await page.getByLabel('中文播报').nth(1).fill('问题是否已经解决？');
  await page.getByLabel('英文播报').nth(1).fill('Has your question been answered?');
  await page.locator('[data-test="save-survey"]').click();
  await page.locator('.el-message--success').waitFor();
  expect((await ui.api<Survey>('GET', '/surveys/rating')).questions.map(({ id }) => id)).toEqual(['score', 'q2']);

  const now = Date.now();
  await ui.box.db.write(async (tx) => {
    for (let at = 0; at < 24; at += 1) {
      const startedAt = now - (24 - at) * 7_200_000;
      const [callId, runId] = [newUlid(), newUlid()];
      const agentId = String(2001 + (at % 4));
      const number = `1380013${String(8000 + at)}`;
      const call = {
        id: callId,
        state: 'ended' as const,
        startedAt,
        endedAt: startedAt + 60_000,
        agentId,
        callingNumber: number,
      };
      await tx.calls.insert(callRow({ ...call, queueId: 'sales', releasedBy: 'agent' as never, cause: 16 }));
      const run = {
        id: runId,
        surveyId: 'rating',
        callId,
        segmentId: null,
        agentId,
        queueId: 'sales',
        number,
        startedAt,
      };
      const state = at % 5 === 4 ? 'unanswered' : 'complete';
      const rest = { direction: 'in', trigger: 'rule', language: 'zh-CN', endedAt: startedAt + 9000 } as const;
      await tx.surveys.insertRun({ ...run, ...rest, state });
      if (state === 'unanswered') continue;
      const nothing = { choice: null, file: null, durationMs: null };
      const value = [5, 4, 5, 3][at % 4] ?? 1;
      const score = { questionId: 'score', kind: 'score' as const, value, least: 1, most: 5 };
      await tx.surveys.insertAnswer({ id: newUlid(), runId, at: startedAt, ...score, ...nothing });
    }
  });
  await page.getByRole('radio', { name: '结果' }).check({ force: true });
  await page.locator('[data-test="mean"]').waitFor();
  const [figures] = await ui.api<{ mean: number }[]>('GET', '/survey-figures?surveyId=rating');
  expect(await page.locator('[data-test="mean"]').textContent()).toBe(figures?.mean.toFixed(2));
  await page.locator('.chart canvas').first().waitFor();
  await page.getByRole('radio', { name: '按坐席' }).check({ force: true });
  await page.locator('.narrow').getByText('坐席 2004').waitFor();
  const link = page.locator('[data-run] a').first();
  const path = await link.getAttribute('href');
  expect(path).toMatch(/^\/calls\/[0-9A-Z]{26}$/);
  await open('/surveys/rating');
  await page.locator('.chart canvas').first().waitFor();
  await shootNamed(page, 'centre-survey', '.chart canvas', [...names, '问题是否已经解决？']);
  await page.evaluate(`localStorage.setItem('cordboard.language', 'zh-CN')`);
  await open('/surveys');
  await page.getByRole('button', { name: '新建规则' }).click();
  await save();
  await page.locator('[data-rule]').waitFor();
  expect(await ui.api('GET', '/survey-rules')).toMatchObject([{ surveyId: 'rating', percentage: 100 }]);
});

test('music is uploaded and put in order, a call-back is arranged and cancelled, reasons and dispositions are made', async () => {
  await open('/music');
  await page.getByRole('button', { name: '新建播放列表' }).click();
  await page.locator('input[name="name"]').fill('新歌');
  await page.locator('input[name="id"]').fill('night');
  await save();
  const list = page.locator('[data-playlist="night"]');
  await list.waitFor();
  await gone();
  const file = (name: string) => ({ name, mimeType: 'audio/wav', buffer: toneWav(425, 2000) });
  await list.locator('input[type="file"]').setInputFiles([file('1 morning.wav'), file('2 evening.wav')]);
  // two files become sound that the box can play, which takes its time on a busy machine
  await list.locator('[data-piece="2-evening"]').waitFor({ timeout: 60_000 });
  await list.locator('[data-piece="2-evening"] button').nth(1).click();
  await expect
    .poll(async () => {
      const all = await ui.api<MusicPlaylist[]>('GET', '/music');
      return all.find(({ id }) => id === 'night')?.pieces.map(({ name }) => name);
    })
    .toEqual(['2-evening', '1-morning']);

  await open('/queues/sales?tab=callback');
  await page.getByRole('button', { name: '开启回拨' }).click();
  await page.getByText('接受新的登记').waitFor();
  await open('/callbacks');
  await page.getByRole('button', { name: '安排回拨' }).click();
  await page.locator('input[name="number"]').fill('138 0013 8000');
  await save();
  await page.locator('[data-callback]').getByText('138 0013 8000').waitFor();
  await gone();
  await ui.api('POST', '/callbacks', { queueId: 'sales', number: '13900139000', at: Date.now() + 7_200_000 });

  await open('/reasons');
  for (const [code, nameZh, nameEn] of [['7', '夜间', 'Night']] as const) {
    await page.getByRole('button', { name: '新建原因' }).click();
    await page.locator('input[name="code"]').fill(code);
    await page.locator('input[name="nameZh"]').fill(nameZh);
    await page.locator('input[name="nameEn"]').fill(nameEn);
    await save();
    await page.locator(`[data-reason="${code}"]`).waitFor();
    await gone();
  }
  await open('/reasons?tab=dispositions');
  await page.getByRole('button', { name: '新建归类' }).first().click();
  await page.locator('input[name="nameZh"]').fill('投诉');
  await page.locator('input[name="nameEn"]').fill('Complaint');
  await page.locator('input[name="id"]').fill('complaint');
  await save();
  await page.locator('[data-disposition="complaint"]').waitFor();
  expect((await ui.api<Disposition[]>('GET', '/dispositions')).map(({ id }) => id)).toContain('complaint');

  for (const [name, path, ready] of [
    ['centre-surveys', '/surveys', '[data-survey]'],
    ['centre-survey-questions', '/surveys/rating?tab=questions', '[data-question="q2"]'],
    ['centre-music', '/music', '[data-playlist="night"]'],
    ['centre-callbacks', '/callbacks', '[data-callback]'],
    ['centre-reasons', '/reasons', '[data-reason]'],
    ['centre-queue-callback-on', '/queues/sales?tab=callback', '.rule'],
  ] as const) {
    await open(path);
    await page.locator(ready).first().waitFor();
    await shootNamed(page, name, ready, [
      ...names,
      '问题是否已经解决？',
      '1-morning',
      '2-evening',
      ...pieces(await ui.api('GET', '/music')),
    ]);
  }
  await page.evaluate(`localStorage.setItem('cordboard.language', 'zh-CN')`);
  await open('/callbacks');
  const row = page.locator('[data-callback]').filter({ hasText: '138 0013 8000' });
  await row.getByRole('button', { name: '取消' }).click();
  await page.locator('.el-message-box__btns .el-button--danger').click();
  await row.waitFor({ state: 'detached' });
  const { callbacks } = await ui.api<{ callbacks: Callback[] }>('GET', '/callbacks?open=false');
  expect(callbacks).toMatchObject([{ number: '13800138000', state: 'cancelled' }]);
  expect(browser.complaints).toEqual([]);
});

const pieces = (lists: MusicPlaylist[]): string[] => lists.flatMap((list) => list.pieces.map(({ name }) => name));
