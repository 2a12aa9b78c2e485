import type { Language } from '../contract/index.js';

/**
 * The language to answer in, from an Accept-Language header (RFC 9110 12.5.4): the best of those we have, else `fallback`.
 * Any zh is answered in zh-CN, any en in en.
 */
export function pickLanguage(header: string | undefined, fallback: Language): Language {
  let best: Language | undefined;
  let bestQuality = 0;
  for (const part of (header ?? '').slice(0, 500).split(',')) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
    const language = toLanguage(tag.trim(), fallback);
    if (language === undefined) continue;
    const quality = qualityOf(parameters);
    if (quality > bestQuality) {
      best = language;
      bestQuality = quality;
    }
  }
  return best ?? fallback;
}

function toLanguage(tag: string, fallback: Language): Language | undefined {
  if (tag === 'zh' || tag.startsWith('zh-')) return 'zh-CN';
  if (tag === 'en' || tag.startsWith('en-')) return 'en';
  return tag === '*' ? fallback : undefined;
}

function qualityOf(parameters: string[]): number {
  for (const parameter of parameters) {
    const match = /^\s*q=([01](?:\.\d{0,3})?)\s*$/.exec(parameter);
    if (match?.[1] !== undefined) return Number(match[1]);
  }
  return 1;
}
