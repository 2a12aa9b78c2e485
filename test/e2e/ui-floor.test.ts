// The supervisor's floor as a person uses it: find a seat, set its state, write to it, look back, set thresholds; and the wall.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { io } from 'socket.io-client';
import type { Page, WebSocketRoute } from 'playwright-core';
import type { AgentMessage, AuditEntry, QueueThresholds } from '../../daemon/dist/contract/index.js';
import { newUlid } from '../../daemon/dist/platform/index.js';
import { dchannelsUp, waitFor } from '../support/box.js';
import type { Browser } from './ui-browser.js';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';

const NAMES =
  '李娜 王磊 张敏 刘洋 陈晨 杨帆 赵敏 黄伟 周涛 吴静 徐丽 孙浩 马超 朱琳 胡军 郭芳 何勇 高翔 林峰 罗丹 郑凯 梁雪 宋佳 谢宇 韩冰 唐娟'.split(
    ' ',
  );
/** name of the last agent */
const XSS = '<img src=x onerror=alert(1)>';
const QUEUES = [
  ['after-sales', '售后', '96001'],
  ['repair', '报修', '96002'],
  ['sales', '销售', '96003'],
] as const;
const REASONS = [
  ['1', '会议', 'Meeting'],
  ['2', '用餐', 'Meal'],
] as const;
NAMES[NAMES.length - 1] = XSS;
const GIVEN = [...NAMES, ...QUEUES.map(([, name]) => name), '服务', 'admin', 'lina', 'boss'];
const HOUR = 3_600_000;

let ui: UiBox;
let browser: Browser;
let page: Page;

/** on a machine that is busy, too */
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 45_000 });
const agent = (n: number): string => String(2000 + n);
const seat = (n: number, state?: string) =>
  page.locator(`[data-agent="${agent(n)}"]${state ? `[data-state="${state}"]` : ''}`);

beforeAll(async () => {
  ui = await startUiBox({ CORDBOARD_VIRTUAL_STATIONS: '28' });
  const { box, api } = ui;
  await dchannelsUp(box);
  const reasons = await api<{ code: string }[]>('GET', '/agent-reasons');
  if (reasons.length === 0)
    for (const [code, nameZh, nameEn] of REASONS) await api('POST', '/agent-reasons', { code, nameZh, nameEn });
  for (const [id, name, calledNumber] of QUEUES) {
    const own = { name, wrapUpMs: 600_000, ringTimeoutMs: 120_000 };
    if (id === 'sales') await api('PATCH', `/queues/${id}`, own);
    else await api('POST', '/queues', { id, ...own });
    await api('POST', '/routes', { calledNumber, language: 'zh-CN', target: { kind: 'queue', queueId: id } });
  }
  for (const [i, name] of NAMES.entries())
    await api('PATCH', `/agents/${agent(i + 1)}`, {
      name,
      queues: i % 5 === 4 ? ['sales', 'repair'] : [QUEUES[i % 3]![0]],
    });
  for (const n of [27, 28]) await api('DELETE', `/agents/${agent(n)}`);
  await waitFor(box.live, 'agent.updated', () => box.agents.list().length === NAMES.length).catch(() => undefined);
  browser = await ui.browser();
  page = browser.page;
});
afterAll(() => ui.close());

test('a floor where nobody has signed in fills as they do', async () => {
  await page.goto(`${ui.origin}/floor`);
  await seat(1, 'signedOut').waitFor();
  for (let n = 1; n <= 24; n += 1) await ui.box.agents.signIn(agent(n), n);
  await page.locator('[data-count="ready"]').filter({ hasText: '24' }).waitFor();
});

test('seats are found by state, queue and name, and by the keyboard', async () => {
  const { box, api } = ui;
  for (const [n, reason] of [
    [3, '1'],
    [7, '2'],
    [19, '2'],
  ] as const)
    await api('POST', `/agents/${agent(n)}/state`, { state: 'notReady', reason });
  await page.locator('[data-count="notReady"]').filter({ hasText: '3' }).waitFor();

  await page.locator('[data-count="notReady"]').click();
  await soon(() => page.locator('[data-agent]').count()).toBe(3);
  await page.locator('[data-count="notReady"]').click();
  await page.locator('input[name="seat-search"]').fill('王磊');
  await soon(() => page.locator('[data-agent]').count()).toBe(1);
  await page.locator('input[name="seat-search"]').fill('onerror');
  await seat(26).waitFor();
  expect(await seat(26).locator('.name').textContent()).toBe(XSS);
  await page.locator('input[name="seat-search"]').fill('没有这个人');
  await page.getByText('没有符合条件的坐席').waitFor();
  await page.getByRole('button', { name: '清除筛选' }).click();
  // A press on a queue shows those who serve it.
  const inSales = box.agents.list().filter(({ queues }) => queues.includes('sales')).length;
  await page.getByRole('button', { name: '只看“销售”的坐席' }).click();
  await soon(() => page.locator('[data-agent]').count()).toBe(inSales);
  await page.getByRole('button', { name: '只看“销售”的坐席' }).click();

  await page.locator('label').filter({ hasText: '按工号' }).click();
  await page.locator('[data-place="0"][data-agent="2001"]').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.locator('[data-test="panel"]').filter({ hasText: NAMES[1]! }).waitFor();
  await page.keyboard.press('Escape');
  await soon(() => page.locator('[data-test="panel"]').count()).toBe(0);
  expect(await page.evaluate('document.activeElement.dataset.agent')).toBe('2002');

  await page.locator('label').filter({ hasText: '按队列' }).click();
  await page.locator('[data-group="after-sales"]').waitFor();
  await page.locator('label').filter({ hasText: '按工号' }).click();
});

test('a state that is forced is stored with who has done it, and can be taken back', async () => {
  const { box, api } = ui;
  await seat(1, 'ready').click();
  const panel = page.locator('[data-test="panel"]');
  await panel.locator('.reason').click();
  await page.getByRole('option').nth(1).click();
  await panel.locator('[data-act="notReady"]').click();
  await seat(1, 'notReady').waitFor();
  expect(box.agents.find(agent(1))).toMatchObject({ state: 'notReady', reason: '2', forced: true });
  const { entries } = await api<{ entries: AuditEntry[] }>('GET', `/audit?objectKind=agent&objectId=${agent(1)}`);
  expect(entries[0]).toMatchObject({
    ...{ actor: 'admin', action: 'forced', before: { state: 'ready' } },
    after: { state: 'notReady', reason: '2' },
  });
  // what the seat did stands in its panel
  await panel.locator('[data-test="hour"] .is-notReady').first().waitFor();
  await page.locator('.el-message').getByRole('button', { name: '撤销' }).click();
  await seat(1, 'ready').waitFor();

  // Signing out is asked for once more, by name.
  await panel.locator('[data-act="signOut"]').click();
  await page.getByText(`把 ${NAMES[0]} 强制签出？`).waitFor();
  await page.locator('.el-message-box').getByRole('button', { name: '取消' }).click();
  expect(box.agents.find(agent(1))).toMatchObject({ state: 'ready' });
});

test('a message comes to the agent, as it was written', async () => {
  const token = await ui.user('lina', 'agent', agent(1));
  const socket = io(ui.origin, { auth: { token }, transports: ['websocket'], reconnection: false });
  try {
    await new Promise((resolve) => socket.once('snapshot', resolve));
    const come = new Promise<AgentMessage>((resolve) => socket.once('agent.message', resolve));
    const panel = page.locator('[data-test="panel"]');
    await panel.locator('textarea[name="message"]').fill(`请尽快处理 ${XSS}`);
    await panel.locator('[data-act="send"]').click();
    expect(await come).toMatchObject({ agentId: agent(1), from: 'admin', text: `请尽快处理 ${XSS}` });
    await page.getByText(`消息已发给 ${NAMES[0]}`).waitFor();
    await soon(() => panel.locator('textarea[name="message"]').inputValue()).toBe('');
  } finally {
    socket.disconnect();
  }
  await page.getByRole('button', { name: '关闭', exact: true }).click();
});

test('a busy floor shows callers, and turns amber and red by the thresholds that were set', async () => {
  const { box, api } = ui;
  // Telephones 1 to 12 take what rings; 13 and on only ring.
  for (let n = 1; n <= 12; n += 1)
    await api('PUT', `/exchange/phones/${n}/behaviour`, {
      ...{ answer: true, answerAfterMs: 0 },
      play: null,
      hangUpAfterMs: null,
    });
  const place = (i: number, calledNumber: string) =>
    api('POST', '/exchange/calls', { calledNumber, callingNumber: `1390013${8000 + i * 37}`, talkMs: 600_000 });
  await page.getByRole('button', { name: '设置“报修”的告警线' }).focus();
  await page.keyboard.press('Enter');
  await page.locator('input[name="waitingAmber"]').fill('2');
  await page.locator('input[name="waitingRed"]').fill('40');
  await page.locator('input[name="longestAmberMs"]').fill('');
  await page.locator('input[name="longestRedMs"]').fill('');
  await page.locator('input[name="serviceLevelAmber"]').fill('80');
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByText('“报修”的告警线已保存').waitFor();
  const limits = await api<QueueThresholds[]>('GET', '/queue-thresholds');
  expect(limits.find(({ queueId }) => queueId === 'repair')).toMatchObject({
    ...{ own: true, waitingAmber: 2, waitingRed: 40, longestAmberMs: null, serviceLevelAmber: 0.8 },
  });

  for (let i = 0; i < 20; i += 1) await place(i, QUEUES[i % 3]![2]);
  const talking = (): number => box.agents.list().filter(({ state }) => state === 'talking').length;
  await waitFor(box.live, 'agent.updated', () => talking() >= 8);
  const over = box.calls.live().filter(({ phase }) => phase === 'talking');
  await box.calls.act(over[0]!.id, box.agents.find(over[0]!.agentId!)!.station!, { action: 'hold' });
  for (const one of over.slice(1, 3)) box.calls.release(one.id, 16);
  await page.locator('[data-state="wrapUp"]').first().waitFor();
  await page.locator('[data-state="holding"]').first().waitFor();
  await page.locator('[data-queue="repair"][data-level="warn"]').waitFor();
  expect(await page.locator('[data-state="talking"]').first().textContent()).toMatch(/139 0013 \d{4}/);
});

test('the line is dragged back, and the map shows how it was', async () => {
  const { box } = ui;
  const now = Date.now();
  // What happened half an hour ago: 2026 had written up a call, and one waited for sales.
  const callId = newUlid();
  await box.db.write(async (tx) => {
    for (const [state, from, to] of [
      ['talking', 45, 35],
      ['wrapUp', 35, 20],
    ] as const)
      await tx.agentSegments.insert({
        ...{ id: newUlid(), agentId: agent(26), state, reason: null, station: 26 },
        ...{ startedAt: now - (from / 60) * HOUR, endedAt: now - (to / 60) * HOUR, changedBy: null, forced: false },
      });
    const live = box.calls.live()[0]!;
    const { phase: _phase, phaseSince: _since, parkingSlot: _slot, parties: _parties, ...row } = live;
    await tx.calls.insert({ ...row, id: callId, state: 'ended', startedAt: now - HOUR / 2, endedAt: now - HOUR / 3 });
    await tx.segments.insert({
      ...{ id: newUlid(), callId, kind: 'queued', startedAt: now - 0.6 * HOUR, endedAt: now - HOUR / 3 },
      data: { queueId: 'sales', outcome: 'abandoned' },
    });
  });
  await seat(26, 'signedOut').waitFor();
  const line = page.locator('input[name="look-back"]');
  await line.fill('1800');
  await page.locator('[data-test="looking-back"]').waitFor();
  await seat(26, 'wrapUp').waitFor();
  await page.locator('[data-queue="sales"] [data-test="waiting"]').filter({ hasText: '1' }).waitFor();
  await line.fill('1300');
  await seat(26, 'talking').waitFor();
  await page.screenshot({ path: 'build/screens/floor-past.zh-CN.png' });
  await page.getByRole('button', { name: '回到现在' }).click();
  await seat(26, 'signedOut').waitFor();
  expect(await page.locator('[data-test="looking-back"]').count()).toBe(0);
});

test('the floor, a seat and the wall are good to look at in both languages and themes', async () => {
  await shootAll(page, 'floor', '[data-state="talking"]', GIVEN);
  const token = await ui.user('boss', 'supervisor');
  const other = await ui.browser({ token });
  const chosen = other.page;
  await chosen.goto(`${ui.origin}/floor`);
  await chosen.locator('[data-state="talking"]').first().click();
  await chosen.locator('[data-test="hour"]').waitFor();
  // He who may not change queues is not offered to.
  expect(await chosen.getByText('告警线').count()).toBe(0);
  for (const language of ['zh-CN', 'en'] as const)
    for (const theme of ['light', 'dark']) {
      await chosen.evaluate(
        `localStorage.setItem('cordboard.language','${language}');localStorage.setItem('cordboard.theme','${theme}')`,
      );
      await chosen.reload();
      await chosen.locator('[data-state="talking"]').first().click();
      await chosen.locator('[data-test="hour"]').waitFor();
      await chosen.screenshot({ path: `build/screens/floor-seat.${language}.${theme}.png` });
    }
  expect(other.complaints).toEqual([]);
});

test('a floor without agents says what to do first; many lines are shown short, with their alarms', async () => {
  const other = await startUiBox({ CORDBOARD_VIRTUAL_STATIONS: '1', CORDBOARD_VIRTUAL_SPANS: '4' });
  try {
    await dchannelsUp(other.box);
    await other.api('DELETE', '/agents/2001');
    await other.api('POST', '/trunks', {
      ...{ kind: 'sip', id: 'carrier', name: '电信语音', mode: 'address', hosts: [{ host: '127.0.0.1', port: 9 }] },
      maxCalls: 60,
    });
    await other.api('POST', '/exchange/spans/2/alarm', { alarm: 'los', active: true });
    const { page: empty } = await other.browser();
    await empty.goto(`${other.origin}/floor`);
    await empty.getByText('还没有坐席').waitFor();
    await empty.locator('[data-line="span 2"].is-fault').waitFor();
    await empty.getByText('收不到线路信号').waitFor();
    await empty.locator('[data-line="trunk carrier"]').waitFor();
    await shootAll(empty, 'floor-empty', '[data-line="trunk carrier"]', ['电信语音']);
  } finally {
    await other.close();
  }
});

test('the floor and the wall are not for agents', async () => {
  const token = await ui.user('wanglei', 'agent', agent(2));
  const own = (await ui.browser({ token })).page;
  for (const path of ['floor', 'wallboard']) {
    await own.goto(`${ui.origin}/${path}`);
    await own.waitForURL(({ pathname }) => pathname !== `/${path}`);
    expect(await own.locator('.floor, .wall').count()).toBe(0);
  }
  expect(browser.complaints).toEqual([]);
});

test('the wall shows the queues of its address, turns pages, and finds its way back after a loss', async () => {
  const wall = (await ui.browser()).page;
  const lines: WebSocketRoute[] = [];
  let cut = false;
  await wall.routeWebSocket(/socket\.io/, (line) => {
    if (cut) return void line.close();
    line.connectToServer();
    lines.push(line);
  });
  await wall.setViewportSize({ width: 1920, height: 1080 });
  await wall.goto(`${ui.origin}/wallboard?queues=repair,sales`);
  await wall.locator('[data-queue="repair"]').waitFor();
  expect(await wall.locator('[data-queue]').count()).toBe(2);
  const waiting = ui.box.queues.list().find(({ id }) => id === 'repair')!.waiting;
  await soon(() => wall.locator('[data-queue="repair"] [data-figure="waiting"]').textContent()).toBe(String(waiting));
  expect(await wall.evaluate(`document.documentElement.classList.contains('dark')`)).toBe(true);

  // chosen at the screen: it stands in the address, and holds after a reload
  await wall.mouse.move(400, 400);
  await wall.mouse.move(420, 420);
  await wall.getByRole('button', { name: '设置' }).click();
  await wall.getByText('售后', { exact: true }).last().click();
  await wall.waitForURL(/queues=repair%2Csales%2Cafter-sales|queues=repair,sales,after-sales/);
  await wall.reload();
  await soon(() => wall.locator('[data-queue]').count()).toBe(3);
  await shootAll(wall, 'wallboard', '[data-queue] [data-agents]', GIVEN);

  await wall.goto(`${ui.origin}/wallboard?per=1&every=3`);
  const first = await wall.locator('[data-queue]').getAttribute('data-queue');
  await expect
    .poll(() => wall.locator('[data-queue]').first().getAttribute('data-queue'), { timeout: 45_000 })
    .not.toBe(first);

  // The line to the box is cut: the wall says so, and shows what is as soon as it is back.
  cut = true;
  for (const line of lines.splice(0)) await line.close().catch(() => undefined);
  await wall.locator('.lost').waitFor();
  cut = false;
  await soon(() => wall.locator('.lost').count()).toBe(0);
  await wall.locator('[data-queue] [data-agents]').first().waitFor();
});
