// What is opened on a page (a tab, a form, a dialog) and goes with a reload: shot and read like the pages themselves.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { checkWords, type Language } from './ui-words.js';

const SCREENS = join(import.meta.dirname, '../../build/screens');
const ALL_SCREENS = process.env.CORDBOARD_SCREENS === 'all';

/** Letters are there, and nothing moves any more: what turns for ever is not waited for. */
const SETTLED = `Promise.all([
  document.fonts.ready,
  ...document.getAnimations().flatMap((one) =>
    one.effect?.getComputedTiming().endTime === Infinity ? [] : [one.finished.catch(() => 0)],
  ),
]).then(() => 0)`;

/** The page as it is, in both themes, in its language. */
export async function shootAsItIs(
  page: Page,
  name: string,
  language: Language,
  given: readonly string[] = [],
): Promise<void> {
  mkdirSync(SCREENS, { recursive: true });
  if (ALL_SCREENS)
    for (const theme of ['light', 'dark']) {
      await page.evaluate(`
        localStorage.setItem('cordboard.theme', '${theme}');
        window.dispatchEvent(new StorageEvent('storage', { key: 'cordboard.theme', newValue: '${theme}' }));
      `);
      await page.screenshot({ path: join(SCREENS, `${name}.${language}.${theme}.png`), animations: 'disabled' });
    }
  await checkWords(page, language, given, 'body');
}

/**
 * A page at an address with something opened on it by `open`, in both languages and themes when all is shot; else in Chinese,
 * for its words.
 */
export async function shootOpened(
  page: Page,
  name: string,
  address: string,
  open: () => Promise<unknown>,
  given: readonly string[] = [],
): Promise<void> {
  const only = process.env.CORDBOARD_SHOTS;
  if (only && !new RegExp(only).test(name)) return;
  // kept by the first page of the box that was opened; one load for each language
  if (page.url() === 'about:blank') await page.goto(address);
  for (const language of ALL_SCREENS ? (['en', 'zh-CN'] as const) : (['zh-CN'] as const)) {
    await page.evaluate(`localStorage.setItem('cordboard.language', '${language}')`);
    await page.goto(address);
    await open();
    await page.evaluate(SETTLED);
    await shootAsItIs(page, name, language, given);
  }
}
