// Whether a page keeps to its language.
import { expect } from 'vitest';
import type { Page } from 'playwright-core';

export type Language = 'zh-CN' | 'en';

/** Names that are the same in Chinese: the product, lines, boards, codecs, protocols, files, variables, zones, the score, the user, the other language's own name. */
export const NOT_ENGLISH =
  /Cordboard|CORDBOARD_[A-Z_]+|E1-\d+|Opus|MOS|admin|English|Enter|EN\b|[A-Z][a-z]+\/[A-Z][A-Za-z_]+|\b(?:[kMGT]?B|WAV|MP3|OPUS|AES-256-GCM|SHA-256|MD5|PRI|ISDN|EuroISDN|QSIG|National ISDN 2|CRC4|HDB3|AMI|MAC|FXS|FXO|FSK|DTMF|MFC|SS7|CIC|REFER|DHCP|OPC|DPC|SLC|STP|ITU|dB|SIP|IP|UTC|HTTPS|TLS|UDP|TCP|VIP|CSV|iCal)\b/g;

/** What a new box calls its flow, queues, trunk, route and agents, in the language in which it was set up. */
const SEEDED =
  /主菜单|欢迎词|按键菜单|坐席全忙|告别|挂断|(?:销售|服务)(?:队列)?|外线|坐席 \d+|Main menu|Welcome|Menu|Nobody is free|Goodbye|Hang up|Sales|Service|Outside line|Agent \d+/g;

/**
 * No key of a text, no word of the other language: in what is read, and in what is read aloud or shown on pointing. `given`: what
 * people have named themselves, in whatever language. `within`: body, where something is opened over the page.
 */
export async function checkWords(
  page: Page,
  language: Language,
  given: readonly string[] = [],
  within = '#app',
): Promise<void> {
  const read = await page.locator(within).innerText();
  const spoken = await page
    .locator('[title], [placeholder], [aria-label]')
    .evaluateAll((elements) =>
      elements.flatMap((element) =>
        ['title', 'placeholder', 'aria-label'].map((name) => element.getAttribute(name) ?? ''),
      ),
    );
  const all = [await page.title(), read, ...spoken].join('\n');
  // keys and digests are the same in every language
  const codes = await page.locator('code').allTextContents();
  const text = [...codes, ...given].reduce((rest, name) => rest.replaceAll(name, ''), all).replaceAll(SEEDED, '');
  expect(text).not.toMatch(
    /\b(shell|signIn|floor|calls|simulator|states|errors|titles|common|access|centre|desk|flows|lines|records|reports|supervisor|system|wizard)\.[a-z]/i,
  );
  const wrong =
    language === 'zh-CN'
      ? [
          ...(text.replaceAll(NOT_ENGLISH, '').match(/[A-Za-z]{2,}/g) ?? []),
          // as Chinese is set, nothing stands between a full stop and what follows; one word for making a thing
          ...(read.match(/.{0,12}[。，；：！？、] .{1,12}|^新增[^\s\d].*/gm) ?? []),
        ]
      : (text.replaceAll('中文', '').match(/\p{Script=Han}+/gu) ?? []);
  expect(wrong).toEqual([]);
}
