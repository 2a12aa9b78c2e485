// Reports as a supervisor uses them: calls that were really made stand in the report, a figure leads to its calls and from there to
// the call; what is exported is what is shown; a report is scheduled, found in the list and removed.
import { readFile } from 'node:fs/promises';
import readXlsx from 'read-excel-file/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { shootAll, startUiBox, type UiBox } from './ui-box.js';
import { storedCall } from '../support/box.js';
import { putDays } from '../support/report-days.js';

let ui: UiBox;
let page: Page;
let complaints: readonly string[];

beforeAll(async () => {
  ui = await startUiBox();
  const browser = await ui.browser();
  page = browser.page;
  complaints = browser.complaints;
});
afterAll(async () => {
  await ui.close();
});

/** Shoots the page; the next one is in Chinese again. */
async function shoot(name: string, ready: string): Promise<void> {
  await shootAll(page, name, ready);
  await page.evaluate(`localStorage.setItem('cordboard.language', 'zh-CN')`);
}

/** Calls in over the cable; gives the id once it is over and stored. */
async function callThatGivesUp(): Promise<string> {
  const { box } = ui;
  // Listened for before the call is made: it may be in the menu before the answer to the request has come.
  const inMenu = new Promise<string>((resolve) => {
    const off = box.live.on('call.segment', ({ kind, callId }) => {
      if (kind !== 'menu') return;
      off();
      resolve(callId);
    });
  });
  const placed = await ui.api<{ id: string }>('POST', '/exchange/calls', {
    ...{ calledNumber: '95001', callingNumber: '13800138000' },
  });
  const id = await inMenu;
  await ui.api('DELETE', `/exchange/calls/${placed.id}`);
  await storedCall(box, id);
  return id;
}

test('a day of calls is read, followed to a call, exported and scheduled', async () => {
  await page.goto(`${ui.origin}/reports`);
  await page.locator('[data-test="empty"]').waitFor();
  await shoot('reports-empty', '[data-test="empty"]');

  const real = await callThatGivesUp();
  await putDays(ui.box.db, Date.now());
  // on a busy machine the box would answer before all are booked
  await ui.box.reports.rollUp.catchUp();

  await page.goto(`${ui.origin}/reports/queues?period=last7`);
  const table = page.locator('[data-test="report"]');
  const offered = table.locator('tfoot [data-figure="offered"]');
  await offered.waitFor();
  const shown = Number((await offered.innerText()).replaceAll(',', ''));
  const { totals } = await ui.api<{ totals: Record<string, number> }>(
    'GET',
    `/reports/queues?from=${Date.now() - 8 * 86_400_000}&to=${Date.now()}`,
  );
  expect(shown).toBe(totals['offered']);
  expect(shown).toBeGreaterThan(100);
  // the formula is read out with the heading, and stands in the footer
  expect(await table.locator('th [data-figure="serviceLevel"]').getAttribute('aria-description')).toContain('T 内接听');
  await page.locator('[data-test="chart"] canvas').waitFor();
  await shoot('reports-queues', '[data-test="chart"] canvas');

  await page.locator('th [data-figure="abandoned"]').click();
  expect(await page.locator('th[aria-sort="descending"]').count()).toBe(1);

  // a figure that is computed leads to the calls that it counts
  const rate = table.locator('tbody tr').first().locator('[data-figure="abandonmentRate"] a');
  expect(await rate.getAttribute('href')).toContain('behind=abandoned');
  // what is behind a figure is as many calls as it says, and each opens
  const first = table.locator('tbody tr').first().locator('[data-figure="abandoned"] a');
  const abandoned = Number(await first.innerText());
  await first.click();
  await page.waitForURL(/\/calls\?/);
  await page.locator('[data-call]').first().waitFor();
  expect(await page.locator('[data-call]').count()).toBe(Math.min(50, abandoned));
  await shoot('calls-behind', '[data-call]');
  await page.locator('[data-call] a').first().click();
  await page.waitForURL(/\/calls\/[0-9A-Z]{26}$/);

  await page.goto(`${ui.origin}/calls?number=1380013&match=begins&direction=in`);
  await page.locator(`[data-call="${real}"]`).waitFor();
  expect(await page.locator('[data-call]').count()).toBe(1);

  // what the call came to, and the line over which it came, are looked for by name
  await ui.api('POST', '/dispositions', { id: 'complaint', nameZh: '投诉', nameEn: 'Complaint' });
  const note = { callId: real, agentId: '2001', queueId: null, disposition: 'complaint', note: '', followUp: false };
  await ui.box.db.write((tx) => tx.desk.putNote({ ...note, id: real, at: Date.now() }));
  await page.goto(`${ui.origin}/calls`);
  const choose = async (filter: string, name: string): Promise<void> => {
    await page.locator(`[data-filter="${filter}"]`).click();
    await page.locator('.el-select-dropdown__item:visible', { hasText: name }).click();
    await page.waitForURL(new RegExp(`[?&]${filter}=`));
  };
  await choose('disposition', '投诉');
  await choose('trunk', 'E1');
  await page.locator('[role="status"]', { hasText: /1/ }).first().waitFor();
  await expect.poll(() => page.locator('[data-call]').count()).toBe(1);
  await page.locator(`[data-call="${real}"]`).waitFor();
  await shoot('calls-found', '[data-call]');

  await page.goto(`${ui.origin}/reports/intervals?period=last7&by=day`);
  await page.locator('[data-test="report"] tbody tr').first().waitFor();
  await shoot('reports-intervals', '[data-test="chart"] canvas');
  await page.goto(`${ui.origin}/reports/agents?period=last7`);
  await page.locator('[data-test="report"] tbody tr').first().waitFor();
  await shoot('reports-agents', '[data-test="chart"] canvas');
  await page.goto(`${ui.origin}/reports/paths?period=last7`);
  await page.locator('[data-test="report"] tbody tr').first().waitFor();
  await shoot('reports-paths', '[data-test="chart"] canvas');

  await page.goto(`${ui.origin}/reports/queues?period=last7`);
  await offered.waitFor();
  await page.locator('[data-test="export"]').click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator('.el-dropdown-menu__item:visible').first().click(),
  ]);
  const rows = await readXlsx(await readFile(await download.path()));
  const sheet =
    Array.isArray(rows) && 'data' in (rows[0] as object)
      ? (rows as unknown as { data: unknown[][] }[])[0]!.data
      : (rows as unknown as unknown[][]);
  const total = sheet.find((row) => String(row[0]) === '合计' || String(row[0]) === 'Total');
  expect(total).toContain(shown);

  await page.goto(`${ui.origin}/reports/schedules`);
  await page.locator('.empty button').click();
  await page.locator('input[name="name"]').fill('<img src=x onerror=alert(1)>');
  await page.locator('textarea[name="recipients"]').fill('not an address');
  await page.keyboard.press('Control+Enter');
  await page.locator('[data-field="recipients"] .el-form-item__error, .rest').first().waitFor();
  await page.locator('textarea[name="recipients"]').fill('li@example.com');
  await page.keyboard.press('Control+Enter');
  const scheduled = page.locator('[data-test="schedules"] tbody tr');
  await scheduled.waitFor();
  expect(await scheduled.innerText()).toContain('<img src=x onerror=alert(1)>');
  const [one] = await ui.api<{ report: string; recipients: string[]; nextAt: number }[]>('GET', '/report-schedules');
  expect(one).toMatchObject({ report: 'queues', recipients: ['li@example.com'] });
  expect(one!.nextAt).toBeGreaterThan(Date.now());
  await ui.api('PUT', `/report-schedules/${(one as unknown as { id: string }).id}`, {
    ...{ name: '99', report: 'queues', period: 'yesterday', by: 'none', filters: {}, format: 'xlsx', language: 'en' },
    ...{ recipients: ['9@9.cn'], time: '08:00', days: [1, 2, 3, 4, 5], enabled: true },
  });
  // the address that was none
  expect(complaints).toEqual([expect.stringContaining('400')]);
});
