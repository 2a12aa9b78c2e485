import { watch } from 'vue';
import { createI18n } from 'vue-i18n';
import { usePreferences } from '@/stores/preferences';
import { titles } from '@/areas';
import type { Bilingual, Texts } from './bilingual';
import { calls } from './words/calls';
import { common } from './words/common';
import { errors } from './words/errors';
import { floor } from './words/floor';
import { shell } from './words/shell';
import { signIn } from './words/sign-in';
import { states } from './words/states';

/** What every page may need; an area brings the rest with `addWords`. */
const areas = { calls, common, errors, floor, shell, signIn, states, titles };

type Messages = { [A in keyof typeof areas]: (typeof areas)[A] extends Bilingual<infer T> ? T : never };

function inLanguage(language: 'zh-CN' | 'en'): Messages {
  return Object.fromEntries(Object.entries(areas).map(([area, both]) => [area, both[language]])) as unknown as Messages;
}

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  messages: { 'zh-CN': inLanguage('zh-CN'), en: inLanguage('en') },
  fallbackLocale: false,
});

/** Adds the words of an area, `<area>.…`; done once, by the module that holds them. */
export function addWords<T extends Texts>(area: string, words: Bilingual<T>): void {
  for (const language of ['zh-CN', 'en'] as const) {
    i18n.global.mergeLocaleMessage(language, { [area]: words[language] });
  }
}

/** A sentence outside components. */
export const translate = i18n.global.t;

/** One after the other: Chinese has no space between them. */
export const inARow = (...sentences: string[]): string =>
  sentences.filter((one) => one !== '').join(i18n.global.locale.value === 'en' ? ' ' : '');

/** To be called once, when the stores exist. */
export function followPreferredLanguage(): void {
  const preferences = usePreferences();
  watch(
    () => preferences.language,
    (language) => (i18n.global.locale.value = language),
    { immediate: true },
  );
}

declare module 'vue-i18n' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  export interface DefineLocaleMessage extends Messages {}
}
