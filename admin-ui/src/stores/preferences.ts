import { useEventListener, usePreferredDark } from '@vueuse/core';
import { defineStore } from 'pinia';
import { computed, ref, watchEffect } from 'vue';

export const languages = ['zh-CN', 'en'] as const;
export type Language = (typeof languages)[number];

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

/** What a person chose for this browser. The same keys are read by public/before-paint.js. */
export const usePreferences = defineStore('preferences', () => {
  const chosenLanguage = ref(oneOf(languages, read('cordboard.language')));
  const theme = ref<Theme>(oneOf(themes, read('cordboard.theme')) ?? 'system');
  const systemDark = usePreferredDark();

  const language = computed<Language>(() => chosenLanguage.value ?? browserLanguage());
  const dark = computed(() => theme.value === 'dark' || (theme.value === 'system' && systemDark.value));

  watchEffect(() => {
    document.documentElement.classList.toggle('dark', dark.value);
    document.documentElement.lang = language.value;
  });

  // what is chosen in one tab holds in all of them
  useEventListener('storage', ({ key, newValue }: StorageEvent) => {
    if (key === 'cordboard.language') chosenLanguage.value = oneOf(languages, newValue) ?? chosenLanguage.value;
    if (key === 'cordboard.theme') theme.value = oneOf(themes, newValue) ?? 'system';
  });

  function chooseLanguage(value: Language): void {
    chosenLanguage.value = value;
    write('cordboard.language', value);
  }

  /** The language of the account holds where nothing was chosen in this browser. */
  function suggestLanguage(value: Language): void {
    chosenLanguage.value ??= value;
  }

  function chooseTheme(value: Theme): void {
    theme.value = value;
    write('cordboard.theme', value);
  }

  return { language, theme, dark, chooseLanguage, suggestLanguage, chooseTheme };
});

function browserLanguage(): Language {
  return /^zh/i.test(navigator.language) ? 'zh-CN' : 'en';
}

function oneOf<T extends string>(allowed: readonly T[], value: string | null): T | null {
  return allowed.find((one) => one === value) ?? null;
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // storage switched off: the choice holds until the page is closed
  }
}
