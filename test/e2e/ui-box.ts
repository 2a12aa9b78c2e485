// A box and a browser for one test of pages: an administrator exists and is signed in, and every page can be shot in both
// languages and both themes (build/screens/<name>.<language>.<theme>.png, kept as artefacts).
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { startBox, type Box, type StartBoxOptions } from '../../daemon/dist/main.js';
import { ANY_SIP_PORTS } from '../support/sip-ports.js';
import { openBrowser, type Browser } from './ui-browser.js';
import { checkWords, type Language } from './ui-words.js';

export const PASSWORD = 'cord and jack 31';
export const SCREENS = join(import.meta.dirname, '../../build/screens');
export const LANGUAGES = ['zh-CN', 'en'] as const;

export interface UiBox {
  box: Box;
  origin: string;
  /** of the administrator */
  token: string;
  /** As the administrator, or whoever's token is given; throws with the answer when it is refused. */
  api<T = unknown>(method: string, path: string, body?: unknown, token?: string): Promise<T>;
  /** `at`: another origin of the box. A browser of its own in which somebody has signed in. */
  browser(options?: {
    language?: Language;
    token?: string;
    microphone?: string;
    at?: string;
    program?: string;
  }): Promise<Browser>;
  /** Makes a user and signs him in; gives his token. */
  user(username: string, role: string, agentId?: string): Promise<string>;
  close(): Promise<void>;
}

export async function startUiBox(
  env: Record<string, string> = {},
  language: Language = 'zh-CN',
  { settings, ...more }: Pick<StartBoxOptions, 'systemRoot' | 'restart'> & { settings?: object } = {},
): Promise<UiBox> {
  // one box for all tests of a file: it is removed by close()
  const home = mkdtempSync(join(tmpdir(), 'cordboard-ui-'));
  if (settings !== undefined) writeFileSync(join(home, 'settings.json'), JSON.stringify(settings));
  const box = await startBox({
    ...more,
    home,
    env: {
      CORDBOARD_HTTP_PORT: '0',
      ...ANY_SIP_PORTS,
      CORDBOARD_LANGUAGE: language,
      CORDBOARD_ENGINE_REALTIME: 'false',
      ...env,
    },
  });
  const { origin } = new URL(box.url);
  const browsers: Browser[] = [];

  async function api<T>(method: string, path: string, body?: unknown, by?: string): Promise<T> {
    const answer = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: {
        ...(by === undefined ? {} : { Authorization: `Bearer ${by}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  const admin = { code: box.setupCode, username: 'admin', password: PASSWORD, language };
  const { token } = await api<{ token: string }>('POST', '/setup', admin);

  return {
    box,
    origin,
    token,
    api: (method, path, body, by = token) => api(method, path, body, by),
    async browser(options = {}) {
      const browser = await openBrowser(options.at ?? origin, options.language ?? language, options);
      browsers.push(browser);
      const [key, chosen] = [options.token ?? token, options.language ?? language].map((text) => JSON.stringify(text));
      // text, because these tests know no DOM
      await browser.page.addInitScript(`
        localStorage.setItem('cordboard.token', ${key});
        localStorage.getItem('cordboard.language') ?? localStorage.setItem('cordboard.language', ${chosen});
      `);
      return browser;
    },
    async user(username, role, agentId) {
      const one = { username, password: PASSWORD, role, language };
      await api('POST', '/users', agentId === undefined ? one : { ...one, agentId }, token);
      return (await api<{ token: string }>('POST', '/session', { username, password: PASSWORD })).token;
    },
    async close() {
      for (const browser of browsers) await browser.close();
      await box.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Every page in both languages and both themes; otherwise the words of both languages are checked, and nothing is shot. */
export const ALL_SCREENS = process.env.CORDBOARD_SCREENS === 'all';

/**
 * Shoots the page as it is in both languages and themes, and checks that each keeps to its language; the page is in English
 * afterwards. `ready`: seen when it may be shot. `given`: names that people have given.
 */
export async function shootAll(page: Page, name: string, ready: string, given: readonly string[] = []): Promise<void> {
  await inBothLanguages(page, name, ready, (language) => checkWords(page, language, given));
}

export async function inBothLanguages(
  page: Page,
  name: string,
  ready: string,
  check: (language: Language) => Promise<void>,
): Promise<void> {
  mkdirSync(SCREENS, { recursive: true });
  for (const language of LANGUAGES) {
    const now = await page.evaluate<string>('document.documentElement.lang');
    await page.evaluate(`localStorage.setItem('cordboard.language', '${language}')`);
    // what the box says in words it says in the language in which it is asked
    if (ALL_SCREENS || now !== language) await page.reload();
    for (const theme of ALL_SCREENS ? ['light', 'dark'] : ['light']) {
      await page.evaluate(`
        localStorage.setItem('cordboard.theme', '${theme}');
        window.dispatchEvent(new StorageEvent('storage', { key: 'cordboard.theme', newValue: '${theme}' }));
      `);
      await page.locator(ready).first().waitFor();
      await page.evaluate('document.fonts.ready.then(() => undefined)');
      // the colours of the other theme are on their way still
      await page.evaluate(`new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown))).then(() =>
        document.getAnimations().forEach((one) => one.effect.getComputedTiming().endTime < Infinity && one.finish()))`);
      if (ALL_SCREENS)
        await page.screenshot({ path: join(SCREENS, `${name}.${language}.${theme}.png`), animations: 'disabled' });
    }
    await check(language);
  }
}
