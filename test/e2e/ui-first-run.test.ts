// The first quarter of an hour with a box, as a person has it: set it up, sign an agent in at a telephone, call, watch the
// call, listen to it. Once in each language, each time with a box of its own.
import { afterEach, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { FIRST_NUMBER, startBox, type Box } from '../../daemon/src/main.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { openBrowser, type Browser } from './ui-browser.js';
import { checkWords } from './ui-words.js';
import { ANY_SIP_PORTS } from '../support/sip-ports.js';

const CALLER = '13800138000';
const CALLER_AS_WRITTEN = '138 0013 8000';
const AGENT = '2001';
const STATION = 1;
const TALK_SECONDS = 4;
const PASSWORD = 'cord and jack 31';

const words = {
  'zh-CN': {
    setUp: '首次设置',
    enter: '建立账号并登录',
    floor: '现场',
    calls: '通话',
    simulator: '模拟器',
    autoAnswer: `话机 ${STATION} 自动应答`,
    call: '拨打',
    talking: '通话',
    hungUp: '已接听 · 主叫挂机',
    play: '播放',
    pause: '暂停',
    signOut: '退出登录',
    signIn: '登录',
    ended: '已结束',
  },
  en: {
    setUp: 'First set-up',
    enter: 'Make the account and sign in',
    floor: 'Floor',
    calls: 'Calls',
    simulator: 'Simulator',
    autoAnswer: `Auto-answer at station ${STATION}`,
    call: 'Call',
    talking: 'Talking',
    hungUp: 'Answered · Caller hung up',
    play: 'Play',
    pause: 'Pause',
    signOut: 'Sign out',
    signIn: 'Sign in',
    ended: 'Ended',
  },
} as const;
let box: Box | undefined;
let browser: Browser | undefined;

afterEach(async () => {
  await browser?.close();
  await box?.stop();
  browser = undefined;
  box = undefined;
});

test.each(['zh-CN', 'en'] as const)('from the set-up code to listening to the first call, in %s', async (language) => {
  const say = words[language];
  box = await startBox({
    home: temporaryFolder(),
    env: {
      CORDBOARD_HTTP_PORT: '0',
      ...ANY_SIP_PORTS,
      CORDBOARD_LANGUAGE: language,
      CORDBOARD_ENGINE_REALTIME: 'false',
    },
  });
  const origin = new URL(box.url).origin;
  browser = await openBrowser(origin, language);
  const { page, complaints } = browser;

  // any address leads to the set-up while there is no administrator
  await page.goto(`${origin}/calls`);
  await page.getByRole('heading', { name: say.setUp }).waitFor();
  await checkWords(page, language);
  await setUp(page, box.setupCode ?? '', say.enter);
  await page.locator(`[data-agent="${AGENT}"][data-state="signedOut"]`).waitFor();
  await checkWords(page, language);
  expect(await scrolls(page)).toBe(false);

  // an agent signs in at a telephone that answers by itself
  await page.getByRole('link', { name: say.simulator }).click();
  const phone = page.locator(`[data-station="${STATION}"]`);
  await phone.waitFor();
  await checkWords(page, language);
  await switchOn(phone, say.autoAnswer);
  await phone.locator('.el-select').click();
  await page.getByRole('option', { name: new RegExp(AGENT) }).click();
  await phone.locator('[data-act="signIn"]').click();
  await page.locator('.el-message--success').waitFor();
  expect(box.agents.find(AGENT)).toMatchObject({ state: 'ready', station: STATION });

  // a call comes in, chooses 1 and is answered
  await expect.poll(() => page.locator('input[name="to"]').inputValue()).toBe(FIRST_NUMBER);
  await page.locator('input[name="from"]').fill(CALLER);
  await page.locator('input[name="digits"]').fill('1');
  await page.locator('input[name="seconds"]').fill(String(TALK_SECONDS));
  await page.getByRole('button', { name: say.call, exact: true }).click();
  await page.locator('[data-test="placed-calls"] li').first().waitFor();

  // the floor shows it: the caller in the list, a square on the line, the agent at his telephone
  await page.getByRole('link', { name: say.floor, exact: true }).click();
  const row = page.locator('[data-call]').filter({ hasText: CALLER_AS_WRITTEN });
  await row.waitFor();
  await page.locator('[data-span="1"] [data-slot="in"]').waitFor();
  const seat = page.locator(`[data-agent="${AGENT}"][data-state="talking"]`);
  await seat.waitFor();
  expect(await seat.textContent()).toContain(CALLER_AS_WRITTEN);
  expect(await row.textContent()).toContain(say.talking);
  await checkWords(page, language);

  // its page follows it to the end
  await row.locator('a').click();
  await page.locator('[data-test="state"]').waitFor();
  await page.locator('.outcome').waitFor();
  expect(await page.locator('.outcome').textContent()).toBe(say.hungUp);
  for (const kind of ['menu', 'queued', 'talk']) {
    expect(await page.locator(`[data-row="caller"] [data-bar="${kind}"]`).count(), kind).toBeGreaterThan(0);
  }
  expect(await page.locator('[data-row="agent"] [data-bar="talk"]').count()).toBe(1);
  expect(await page.locator('kbd').allTextContents()).toEqual(['1']);
  await hear(page, say.play, say.pause);
  await checkWords(page, language);

  // signed out, in again, and back to the same call through the list
  const { pathname } = new URL(page.url());
  await page.locator('.who').click();
  await page.getByText(say.signOut).click();
  await page.getByRole('heading', { name: say.signIn }).waitFor();
  await checkWords(page, language);
  await page.locator('input[name="username"]').fill('admin');
  await page.locator('input[name="password"]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: say.calls, exact: true }).click();
  const listed = page.locator('tr[data-call]').filter({ hasText: CALLER_AS_WRITTEN });
  await listed.waitFor();
  await expect.poll(() => listed.locator('.number').last().textContent()).toMatch(/^0:0[3-6]$/);
  expect(await listed.textContent()).toContain(say.ended);
  await checkWords(page, language);
  await listed.locator('a').first().click();
  await page.waitForURL(`**${pathname}`);
  await hear(page, say.play, say.pause);

  expect(complaints).toEqual([]);
});

async function setUp(page: Page, code: string, enter: string): Promise<void> {
  // the hyphens of the code may be left out
  await page.locator('input[name="code"]').fill(code.replaceAll('-', '').toLowerCase());
  await page.locator('input[name="username"]').fill('admin');
  await page.locator('input[name="password"]').fill(PASSWORD);
  await page.locator('input[name="again"]').fill(PASSWORD);
  await page.getByRole('button', { name: enter }).click();
}

async function switchOn(phone: Locator, label: string): Promise<void> {
  const control = phone.getByRole('switch', { name: label });
  await phone.locator('.el-switch').click();
  await expect.poll(() => control.getAttribute('aria-checked')).toBe('true');
}

/** The recording is there, has a length, and plays. */
async function hear(page: Page, play: string, pause: string): Promise<void> {
  await page.getByRole('button', { name: play, exact: true }).waitFor();
  const audio = page.locator('audio');
  const read = (what: 'duration' | 'currentTime'): Promise<number> =>
    audio.evaluate((element, key) => (element as unknown as Record<string, number>)[key] ?? 0, what);
  await expect.poll(() => read('duration')).toBeGreaterThan(TALK_SECONDS);
  await page.getByRole('button', { name: play, exact: true }).click();
  await expect.poll(() => read('currentTime')).toBeGreaterThan(0.5);
  await page.getByRole('button', { name: pause, exact: true }).click();
}

/** Nothing to scroll on the floor of a screen of 1280 x 720. */
function scrolls(page: Page): Promise<boolean> {
  return page.locator('#page').evaluate((element) => {
    const { scrollHeight, clientHeight } = element as unknown as Record<string, number>;
    return (scrollHeight ?? 0) > (clientHeight ?? 0);
  });
}
