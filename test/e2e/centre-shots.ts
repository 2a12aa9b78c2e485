// Screens of pages that show names that people gave: those are left out when it is checked that a page keeps to its language.
import { expect } from 'vitest';
import type { Page } from 'playwright-core';
import { inBothLanguages } from './ui-box.js';
import { NOT_ENGLISH } from './ui-words.js';

/** `names`: of things, as they were given; elements marked data-foreign hold words of the other language on purpose. */
export async function shootNamed(page: Page, name: string, ready: string, names: readonly string[]): Promise<void> {
  await inBothLanguages(page, name, ready, async (language) => {
    const seen = await page.evaluate<string>(`(() => {
      const copy = document.querySelector('#app').cloneNode(true);
      for (const one of copy.querySelectorAll('[data-foreign], script')) one.remove();
      const said = [...copy.querySelectorAll('[title], [placeholder], [aria-label]')]
        .flatMap((one) => ['title', 'placeholder', 'aria-label'].map((key) => one.getAttribute(key) ?? ''));
      const texts = [];
      const walker = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) texts.push(walker.currentNode.data);
      return [...texts, ...said].join('\\n');
    })()`);
    const text = [...names].sort((a, b) => b.length - a.length).reduce((rest, one) => rest.replaceAll(one, ' '), seen);
    expect(text, name).not.toMatch(
      /\b(queues|agents|reasons|callbacks|surveys|music|rooms|imports|common|titles)\.[a-z]+[A-Za-z.]*/,
    );
    if (language === 'zh-CN') expect(text.replaceAll(NOT_ENGLISH, ''), name).not.toMatch(/[A-Za-z]{2,}/);
    else expect(text.replaceAll('中文', ''), name).not.toMatch(/\p{Script=Han}/u);
  });
}
