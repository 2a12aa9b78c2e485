// Whether a page keeps to its language.
import { expect } from 'vitest';
import type { Page } from 'playwright-core';

export type Language = 'zh-CN' | 'en';

/** Names that are the same in Chinese: the product, lines, codecs, the score, the user, the other language's own name. */
const NOT_ENGLISH = /Cordboard|E1-\d+|Opus|MOS|admin|EN\b/g;

/** No key of a text, no word of the other language: in what is read, and in what is read aloud or shown on pointing. */
export async function checkWords(page: Page, language: Language): Promise<void> {
  const read = await page.locator('#app').innerText();
  const spoken = await page
    .locator('[title], [placeholder], [aria-label]')
    .evaluateAll((elements) =>
      elements.flatMap((element) =>
        ['title', 'placeholder', 'aria-label'].map((name) => element.getAttribute(name) ?? ''),
      ),
    );
  const text = [await page.title(), read, ...spoken].join('\n');
  expect(text).not.toMatch(/\b(shell|signIn|floor|calls|simulator|states|errors|titles|common)\.[a-z]/i);
  if (language === 'zh-CN') expect(text.replaceAll(NOT_ENGLISH, '')).not.toMatch(/[A-Za-z]{2,}/);
  else expect(text.replaceAll('中文', '')).not.toMatch(/\p{Script=Han}/u);
}
