// Forms, dialogs and filled lists of the centre, the records, the reports and the users, opened and shot in both languages and
// themes, with each page's words checked. What they do is tested where they belong; without screens there is nothing to do here.
import { hostname } from 'node:os';
import { afterAll, beforeAll, test } from 'vitest';
import type { Page } from 'playwright-core';
import { putLongCall } from '../support/long-call.js';
import { putDays } from '../support/report-days.js';
import { shootOpened } from './ui-opened.js';
import { startUiBox, type UiBox } from './ui-box.js';

const LONG = '华东大客户售后服务与技术支持专线（二线电源组）';
const GIVEN = [
  `${hostname()} 的测试邮件`,
  ...['李娜', '王磊', '张敏', LONG, '全员', '会议', '用餐', '培训', '故障 / 电源', '投诉', '每周队列周报', '质检'],
  ...['英语外呼', '全部录音', '国际长途不录', '九十天', '总机', '夜班值班', 'Meeting', 'Meal', 'Training', 'Fault'],
  ...['Complaint', 'wang.lei', 'li.na', 'zhang.min', 'boss@example.com', 'reports@example.com', 'english', 'power'],
  ...[
    'fault',
    'complaint',
    'macroform-cold_day',
    'macroform-robot_dity',
    'macroform-the_simplicity',
    'manolo_camp-morning_coffee',
    'reno_project-system',
    'connect ECONNREFUSED 127.0.0.1:9',
    'cordboard',
    'Opsound',
    'manolo_camp',
    'reno_project',
    '满意度',
    'sales',
    'Excel',
  ],
];

let ui: UiBox;
let page: Page;

beforeAll(async () => {
  if (process.env.CORDBOARD_SCREENS !== 'all') return;
  // a mail server that nobody answers at: what is sent waits
  const nobody = { CORDBOARD_MAIL_HOST: '127.0.0.1', CORDBOARD_MAIL_PORT: '9', CORDBOARD_MAIL_FROM: 'box@example.com' };
  ui = await startUiBox(nobody);
  const { api, box } = ui;
  for (const [id, name] of [
    ['2001', '李娜'],
    ['2002', '王磊'],
    ['2003', '张敏'],
  ])
    await api('PATCH', `/agents/${id}`, { name });
  await api('POST', '/queues', { id: 'long', name: LONG });
  await api('PATCH', '/agent-abilities', {
    cells: ['2001', '2002', '2003', '2005'].flatMap((agentId, index) =>
      ['english', 'power'].map((skill, place) => ({ agentId, skill, level: ((index + place) % 9) + 1 })),
    ),
  });
  for (const [code, nameZh, nameEn] of [
    ['1', '会议', 'Meeting'],
    ['2', '用餐', 'Meal'],
    ['3', '培训', 'Training'],
  ])
    await api('POST', '/agent-reasons', { code, nameZh, nameEn }).catch(() => undefined);
  for (const [id, nameZh, nameEn] of [
    ['fault', '故障 / 电源', 'Fault'],
    ['complaint', '投诉', 'Complaint'],
  ])
    await api('POST', '/dispositions', { id, nameZh, nameEn });
  await api('PUT', '/speed-dials/01', { number: '95001', name: '总机' });
  await api('PUT', '/speed-dials/02', { number: '13800138000', name: '夜班值班' });
  await ui.user('wang.lei', 'agent', '2002');
  await ui.user('li.na', 'agent', '2001');
  await ui.user('zhang.min', 'supervisor');
  await api('POST', '/recording-rules', { name: '国际长途不录', match: { calledNumber: '00X.' }, action: 'never' });
  await api('POST', '/recording-rules', { name: '全部录音', match: {} });
  await api('POST', '/retention-rules', { name: '九十天', keepDays: 90 });
  await api('POST', '/mail/test', { to: 'boss@example.com' });
  await api('PUT', '/queues/service/callback-rule', {}).catch(() => undefined);
  await putDays(box.db, Date.now());
  await putLongCall({
    ...{ box, queueId: 'service', missed: '2002', took: '2001', asked: '2003' },
    startedAt: Date.now() - 3_600_000,
  });
  await box.reports.rollUp.catchUp();
  const weekly = { report: 'queues', period: 'lastWeek', by: 'none', filters: {}, format: 'xlsx', language: 'zh-CN' };
  await api('POST', '/report-schedules', {
    ...{ ...weekly, name: '每周队列周报', recipients: ['reports@example.com'], time: '08:00', days: [1] },
  });
  page = (await ui.browser()).page;
  page.setDefaultTimeout(10_000);
}, 120_000);
afterAll(() => ui?.close());

const PRIMARY = '.frame .actions .el-button--primary';
const ADD = '[data-act="add"]';
const DRAWER = '.el-drawer__footer .el-button--primary:visible';
type Shot = readonly [name: string, path: string, clicks: readonly string[], ready: string];
const SHOTS: readonly Shot[] = [
  ['form-queue', '/queues', [PRIMARY], DRAWER],
  ['form-agent', '/agents', ['[data-agent="2001"] a, tbody a'], DRAWER],
  ['form-agents-range', '/agents', ['.frame .actions .el-button:nth-last-child(2)'], DRAWER],
  ['centre-skills-filled', '/agents/skills', [], '[data-cell]'],
  ['form-skill', '/agents/skills', ['.frame .actions .el-button'], DRAWER],
  ['centre-reasons-filled', '/reasons', [], '[data-reason]'],
  ['form-reason', '/reasons', [ADD], DRAWER],
  ['centre-dispositions', '/reasons?tab=dispositions', [], '[data-disposition]'],
  ['form-disposition', '/reasons?tab=dispositions', ['[data-disposition] .acts .el-button'], DRAWER],
  ['centre-dials', '/reasons?tab=dials', [], '[data-slot]'],
  [
    'confirm-disposition',
    '/reasons?tab=dispositions',
    ['[data-disposition] .acts .el-button:last-child'],
    '.el-message-box',
  ],
  ['form-callback', '/callbacks', [PRIMARY], DRAWER],
  ['form-survey', '/surveys', [PRIMARY], DRAWER],
  ['form-survey-rule', '/surveys', [`section ${ADD}`], DRAWER],
  ['form-music', '/music', [PRIMARY], DRAWER],
  ['centre-conferences-empty', '/conferences', [], '.frame'],
  ['form-room', '/conferences', ['.empty .el-button'], DRAWER],
  ['form-recording-rule', '/recordings/rules', [ADD], DRAWER],
  ['form-retention-rule', '/recordings/rules?show=retention', [ADD], DRAWER],
  ['recording-rules-filled', '/recordings/rules', [], '[data-rule]'],
  ['form-mailbox', '/messages', ['.empty .el-button'], DRAWER],
  ['mail', '/mail', [], '[data-mail]'],
  ['form-mail-test', '/mail', ['.frame .actions .el-button'], DRAWER],
  ['access-users-filled', '/users', [], '[data-user="wang.lei"]'],
  ['form-user', '/users', [PRIMARY], DRAWER],
  ['form-role', '/roles', [PRIMARY], DRAWER],
  ['calls', '/calls', [], '[data-call]'],
  ['recordings-filled', '/recordings', ['[data-recording]'], '.dock canvas, .dock svg'],
  ['reports-reasons', '/reports/reasons?period=last7', [], '[data-test="chart"] canvas'],
  ['reports-trunks', '/reports/trunks?period=last7', [], '.frame'],
  ['reports-satisfaction', '/reports/satisfaction?period=last7', [], '.frame'],
  ['reports-schedules', '/reports/schedules', [], '[data-schedule]'],
  ['form-schedule', '/reports/schedules', [PRIMARY], DRAWER],
  ['form-threshold', '/floor', ['[data-queue] button.edit'], DRAWER],
];

test.runIf(process.env.CORDBOARD_SCREENS === 'all')(
  'forms and filled lists look as they should',
  async () => {
    const failed: string[] = [];
    for (const [name, path, clicks, ready] of SHOTS)
      await shootOpened(page, name, ui.origin + path, () => open(clicks, ready), GIVEN).catch((error: unknown) =>
        failed.push(`${name}: ${String(error).slice(0, 400)}`),
      );
    if (failed.length > 0) throw new Error(failed.join('\n'));
  },
  600_000,
);

async function open(clicks: readonly string[], ready: string): Promise<void> {
  for (const click of clicks) await page.locator(click).first().click();
  await page.locator(ready).first().waitFor();
}
