// How a call over IP sounded, as its page shows it: two telephones talk, of one every fifth packet is lost, and whoever looks
// at the call sees which of them could not be understood.
import { expect, test } from 'vitest';
import type { Locator } from 'playwright-core';
import { startBox, type Box } from '../../daemon/dist/main.js';
import { wordOfMos, type CallDetail } from '../../daemon/src/contract/index.js';
import { storedCall } from '../support/box.js';
import { registered, startSipBox } from '../support/sip-box.js';
import { toAlaw } from '../support/wav.js';
import { openBrowser } from './ui-browser.js';
import { checkWords } from './ui-words.js';

const PASSWORD = 'cord and jack 31';
const TALK_MS = 3000;

const words = {
  'zh-CN': {
    heads: ['话路', '质量', 'MOS 评分', '丢包', '抖动', '往返时延', '编码'],
    legs: ['主叫话机 1001', '被叫话机 1002'],
    ways: ['说的', '听到的'],
    verdicts: { good: '良好', fair: '一般', poor: '较差' },
    lost: /^\d+ 个包中丢失 \d+ 个/,
    codec: 'G.711 A 律',
    unit: '毫秒',
  },
  en: {
    heads: ['Leg', 'Quality', 'MOS', 'Lost', 'Jitter', 'Round trip', 'Codec'],
    legs: ['Caller station 1001', 'Called party station 1002'],
    ways: ['says', 'hears'],
    verdicts: { good: 'Good', fair: 'Fair', poor: 'Poor' },
    lost: /^\d+ of \d+ packets never came/,
    codec: 'G.711 A-law',
    unit: 'ms',
  },
} as const;

const BARS = { good: 3, fair: 2, poor: 1 };

const tone = (hertz: number): Uint8Array =>
  Uint8Array.from({ length: TALK_MS * 8 }, (_, i) =>
    toAlaw(Math.round(8000 * Math.sin((2 * Math.PI * hertz * i) / 8000))),
  );

async function roundTripsKnown({ engine }: Box): Promise<boolean> {
  const { legs } = await engine.command('engine.snapshot', {});
  const heard = await Promise.all(legs.map(({ leg }) => engine.command('stream.statistics', { leg })));
  return heard.every(({ roundTripMs }) => roundTripMs !== undefined);
}

test('the page of a call says in both languages which telephone was heard badly', async () => {
  const sip = await startSipBox({ start: startBox });
  const { box } = sip;
  const caller = await registered(sip, 1001);
  const called = await registered(sip, 1002);
  caller.rtp.lose = (index) => index % 5 === 1;
  const call = caller.call('1002');
  const incoming = await called.called();
  await incoming.answer();
  await call.connected();
  const { id } = box.calls.live()[0]!;
  // Until reports have gone and come on both legs, which takes as long as chance will have it (RFC 3550 6.2).
  do await Promise.all([caller.rtp.say(tone(400)), called.rtp.say(tone(700))]);
  while (!(await roundTripsKnown(box)));
  await Promise.all([call.bye(), incoming.take('BYE')]);
  await storedCall(box, id);
  // How well the other is understood is the machine's doing, too: the page is to say what was measured.
  const { streams } = await sip.api.request<CallDetail>('GET', `/calls/${id}`);
  const mosOf = (station: number): number => streams.find((one) => one.station === station)!.mosReceived!;
  const [badMos, wellMos] = [mosOf(1001), mosOf(1002)];
  expect(wordOfMos(badMos)).toBe('poor');
  expect(wellMos).toBeGreaterThan(badMos + 0.5);

  const { origin } = new URL(box.url);
  const setUp = await fetch(`${origin}/api/v1/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: box.setupCode, username: 'admin', password: PASSWORD, language: 'en' }),
  });
  expect(setUp.status).toBe(201);

  for (const language of ['zh-CN', 'en'] as const) {
    const say = words[language];
    const { page, complaints, close } = await openBrowser(origin, language);
    try {
      // What is chosen in the browser goes before the language of the account.
      await page.addInitScript(`localStorage.setItem('cordboard.language', '${language}')`);
      await page.goto(`${origin}/calls/${id}`);
      await page.locator('input[name="username"]').fill('admin');
      await page.locator('input[name="password"]').fill(PASSWORD);
      await page.keyboard.press('Enter');

      const quality = page.locator('[data-test="quality"]');
      await quality.waitFor();
      expect(await textsOf(quality.locator('thead th'))).toEqual(say.heads);
      for (const head of await quality.locator('thead span').all())
        expect((await head.getAttribute('title'))?.length).toBeGreaterThan(10);

      const legs = await quality.locator('[data-test="leg"]').all();
      expect(await Promise.all(legs.map((leg) => leg.locator('.who').innerText()))).toEqual(
        say.legs.map((leg) => expect.stringMatching(spaced(leg))),
      );
      const [from, to] = legs as [Locator, Locator];
      expect(await textsOf(from.locator('.way'))).toEqual(say.ways);
      // in a word, and by how many bars are filled, as well as in colour
      const badly = from.locator('[data-way="says"]');
      expect(await badly.locator('.verdict').innerText()).toBe(say.verdicts.poor);
      expect(await badly.locator('rect:not(.hollow)').count()).toBe(1);
      const lost = badly.locator('[title]');
      expect(await lost.innerText()).toMatch(/^(1[6-9]|[2-9]\d)(\.\d)?%$/);
      expect(await lost.getAttribute('title')).toMatch(say.lost);
      const well = to.locator('[data-way="says"]');
      expect(await well.locator('.verdict').innerText()).toBe(say.verdicts[wordOfMos(wellMos)]);
      expect(await well.locator('rect:not(.hollow)').count()).toBe(BARS[wordOfMos(wellMos)]);
      const figures = await textsOf(well.locator('td'));
      expect(figures[1]).toBe(wellMos.toFixed(1));
      expect(figures.slice(3, 5)).toEqual([expect.stringContaining(say.unit), expect.stringContaining(say.unit)]);
      expect(figures.at(-1)).toBe(say.codec);
      await checkWords(page, language);
      expect(complaints).toEqual([]);
    } finally {
      await close();
    }
  }
});

const textsOf = async (found: Locator): Promise<string[]> => (await found.allInnerTexts()).map((text) => text.trim());

/** The text, whatever space stands between its parts. */
const spaced = (text: string): RegExp => new RegExp(`^${[...text.replaceAll(' ', '')].join('\\s*')}$`);
