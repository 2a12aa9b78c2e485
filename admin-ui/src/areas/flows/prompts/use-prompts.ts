// The library of prompts: by name, with the languages in which each is there, and one that can be heard at a time.
import type { Language, Prompt } from '@cordboard/daemon/contract';
import { computed, onScopeDispose, readonly, ref, type ComputedRef, type Ref } from 'vue';
import { useI18n } from 'vue-i18n';
import { api, patientApi, told } from '@/api/client';
import { useReading } from '@/composables/reading';
import { languages, usePreferences } from '@/stores/preferences';

export interface NamedPrompt {
  name: string;
  /** what people call it; '': nothing else */
  label: string;
  in: Partial<Record<Language, Prompt>>;
  missing: Language[];
}

export interface Prompts {
  list: ComputedRef<NamedPrompt[]>;
  byName: ComputedRef<ReadonlyMap<string, NamedPrompt>>;
  problem: Ref<unknown>;
  ready: ComputedRef<boolean>;
  again: () => Promise<void>;
  /** What people call it, else what it says, else its name. */
  label: (name: string) => string;
  texts: (name: string) => string | undefined;
}

export function usePrompts(): Prompts {
  const preferences = usePreferences();
  const { value, problem, again } = useReading((signal) => told(api.GET('/api/v1/prompts', { signal })));

  const byName = computed(() => {
    const found = new Map<string, NamedPrompt>();
    for (const prompt of value.value ?? []) {
      const named: NamedPrompt = found.get(prompt.name) ?? {
        ...{ name: prompt.name, label: prompt.label, in: {}, missing: [] },
      };
      named.in[prompt.language] = prompt;
      found.set(prompt.name, named);
    }
    for (const named of found.values()) named.missing = languages.filter((one) => named.in[one] === undefined);
    return found;
  });

  function texts(name: string): string | undefined {
    const named = byName.value.get(name);
    return named?.in[preferences.language]?.text || undefined;
  }

  return {
    list: computed(() => [...byName.value.values()]),
    byName,
    problem,
    ready: computed(() => value.value !== null),
    again,
    label: (name) => byName.value.get(name)?.label || (texts(name) ?? name),
    texts,
  };
}

const playing = ref<string | null>(null);
let audio: HTMLAudioElement | null = null;
let turn = 0;

export const keyOf = (name: string, language: Language): string => `${language}/${name}`;

function silence(): void {
  turn += 1;
  audio?.pause();
  if (audio) URL.revokeObjectURL(audio.src);
  audio = null;
  playing.value = null;
}

/** Plays one prompt at a time; playing it again stops it. What was begun here stops when the page is left. */
export function usePlayer(): {
  playing: Readonly<Ref<string | null>>;
  toggle: (name: string, language: Language) => Promise<void>;
  stop: () => void;
} {
  onScopeDispose(silence);

  async function toggle(name: string, language: Language): Promise<void> {
    const key = keyOf(name, language);
    const again = playing.value === key;
    silence();
    if (again) return;
    const mine = turn;
    playing.value = key;
    try {
      const path = { language, name };
      const sound: Blob = await told(
        patientApi.GET('/api/v1/prompts/{language}/{name}/audio', { params: { path }, parseAs: 'blob' }),
      );
      if (mine !== turn) return;
      audio = new Audio(URL.createObjectURL(sound));
      audio.addEventListener('ended', () => mine === turn && silence());
      await audio.play();
    } catch (error) {
      if (mine === turn) silence();
      // stopped before it had begun: nobody misses it
      if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
    }
  }

  return { playing: readonly(playing), toggle, stop: silence };
}

/** How a language is called on these pages. */
export function useLanguageNames(): (language: Language) => string {
  const { t } = useI18n();
  return (language) => t(`flowNodes.values.language.${language}`);
}
