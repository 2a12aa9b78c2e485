import type { NotReadyReason } from '@cordboard/daemon/contract';
import { computed, inject, provide, shallowRef, type ComputedRef, type InjectionKey } from 'vue';
import { api, told } from '@/api/client';
import { useNames } from '@/composables/names';
import { usePreferences } from '@/stores/preferences';

export interface Reasons {
  /** those that may be chosen, in their order */
  choices: ComputedRef<{ code: string; name: string }[]>;
  text: (reason: string | null) => string;
}

const key: InjectionKey<Reasons> = Symbol('reasons');

/** Why agents are not ready, by the box's own table; read once for a page. */
export function provideReasons(): Reasons {
  const preferences = usePreferences();
  const { reasonText } = useNames();
  const all = shallowRef<NotReadyReason[]>([]);
  void told(api.GET('/api/v1/agent-reasons')).then(
    (found) => (all.value = found),
    // the codes are shown instead
    () => undefined,
  );
  const nameOf = (one: NotReadyReason): string => (preferences.language === 'zh-CN' ? one.nameZh : one.nameEn);
  const names = computed(() => new Map(all.value.map((one) => [one.code, nameOf(one)])));
  const reasons: Reasons = {
    choices: computed(() =>
      all.value
        .filter(({ enabled }) => enabled)
        .sort((a, b) => a.position - b.position)
        .map((one) => ({ code: one.code, name: nameOf(one) })),
    ),
    text: (reason) => (reason === null ? '' : (names.value.get(reason) ?? reasonText(reason))),
  };
  provide(key, reasons);
  return reasons;
}

export function useReasons(): Reasons {
  const reasons = inject(key);
  if (!reasons) throw new Error('no page has provided the reasons');
  return reasons;
}
