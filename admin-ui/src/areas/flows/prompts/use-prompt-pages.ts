// The library of prompts as its page shows it: found by the box, read further when the end of what is known is seen.
import type { Language, NamedPrompt as Named, Prompt, PromptSearch } from '@cordboard/daemon/contract';
import { useDebounceFn } from '@vueuse/core';
import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue';
import { api, told } from '@/api/client';
import { languages } from '@/stores/preferences';
import type { NamedPrompt } from './use-prompts';

const PAGE = 100;
const TYPING_MS = 250;

export interface PromptPages {
  show: Ref<PromptSearch['show']>;
  search: Ref<string>;
  /** null until the first have been read */
  found: ComputedRef<NamedPrompt[] | null>;
  total: Ref<number>;
  problem: Ref<unknown>;
  more: () => Promise<void>;
  again: () => Promise<void>;
}

const shapeOf = ({ name, label, in: spoken }: Named): NamedPrompt => {
  const byLanguage: Partial<Record<Language, Prompt>> = {};
  for (const prompt of spoken) byLanguage[prompt.language] = prompt;
  return { name, label, in: byLanguage, missing: languages.filter((one) => byLanguage[one] === undefined) };
};

export function usePromptPages(): PromptPages {
  const show = ref<PromptSearch['show']>('all');
  const search = ref('');
  const known = shallowRef<readonly Named[] | null>(null);
  const total = ref(0);
  const problem = ref<unknown>(null);
  let asking = new AbortController();
  let reading = false;

  /** As many from the start, or those that follow. */
  async function read(offset: number, limit: number): Promise<void> {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    reading = true;
    const query = { show: show.value, search: search.value.trim(), offset, limit };
    try {
      const page = await told(api.GET('/api/v1/prompt-names', { params: { query }, signal }));
      if (signal.aborted) return;
      known.value = offset === 0 ? page.prompts : [...(known.value ?? []), ...page.prompts];
      total.value = page.total;
      problem.value = null;
    } catch (error) {
      if (!signal.aborted) problem.value = error;
    } finally {
      if (!signal.aborted) reading = false;
    }
  }

  const again = (): Promise<void> => read(0, Math.min(2 * PAGE, Math.max(PAGE, known.value?.length ?? 0)));
  const fromStart = (): Promise<void> => read(0, PAGE);
  watch(show, fromStart, { immediate: true });
  watch(search, useDebounceFn(fromStart, TYPING_MS));
  onScopeDispose(() => asking.abort());

  return {
    ...{ show, search, total, problem, again },
    found: computed(() => known.value && known.value.map(shapeOf)),
    async more() {
      const have = known.value?.length ?? 0;
      if (!reading && have > 0 && have < total.value) await read(have, PAGE);
    },
  };
}
