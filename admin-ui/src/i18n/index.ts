import { watch } from 'vue';
import { createI18n } from 'vue-i18n';
import { usePreferences } from '@/stores/preferences';
import type { Bilingual } from './bilingual';
import { calls } from './words/calls';
import { errors } from './words/errors';
import { floor } from './words/floor';
import { shell } from './words/shell';
import { signIn } from './words/sign-in';
import { simulator } from './words/simulator';
import { states } from './words/states';

const areas = { calls, errors, floor, shell, signIn, simulator, states };

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

/** A sentence outside components. */
export const translate = i18n.global.t;

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
