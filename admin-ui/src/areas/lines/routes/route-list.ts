import { computed, ref, type ComputedRef, type Ref } from 'vue';
import { useI18n } from 'vue-i18n';
import { confirmRemoval, doneWithUndo } from '@/composables/confirm';
import { useReading } from '@/composables/reading';
import { useActing } from '../parts/acting';
import { useFollowing } from '../parts/following';
import { patternWords } from '../parts/pattern-words';
import { useReordering } from './reordering';

export interface AnyRoute {
  id: string;
  name: string;
  priority: number;
  enabled: boolean;
}

export interface RouteListOptions<R extends AnyRoute> {
  list: () => Promise<readonly R[]>;
  /** as the box asks them */
  sorted: (routes: readonly R[]) => R[];
  patternOf: (route: R) => string;
  nameOf: (route: R) => string;
  patch: (id: string, body: { priority: number } | { enabled: boolean }) => Promise<unknown>;
  remove: (id: string) => Promise<unknown>;
  /** makes a removed one anew */
  bringBack: (route: R) => Promise<unknown>;
  /** what its removal means */
  means: string;
}

/** Routes of one pattern belong together: only among them does their order count. */
export interface RouteGroup<R> {
  pattern: string;
  /** in words; '' for digits alone, which need none */
  words: string;
  same: readonly R[];
}

export interface RouteList<R extends AnyRoute> {
  /** null until they were read */
  groups: ComputedRef<RouteGroup<R>[] | null>;
  problem: Ref<unknown>;
  again: () => Promise<void>;
  /** the priority of the last one, behind which a new one stands */
  highest: ComputedRef<number>;
  /** the one that the tester has found */
  taken: Ref<string | null>;
  open: Ref<boolean>;
  edited: Ref<R | undefined>;
  dragged: Ref<string | null>;
  nameOf: (route: R) => string;
  edit: (route?: R) => void;
  enable: (route: R, enabled: boolean) => Promise<void>;
  move: (id: string, to: number) => Promise<void>;
  dropOn: (same: readonly R[], to: number) => void;
  remove: (route: R) => Promise<void>;
}

/** Routes in or out, by pattern and in their order, with the form of one beside them. `RouteTable.vue` draws it. */
export function useRouteList<R extends AnyRoute>(options: RouteListOptions<R>): RouteList<R> {
  const { t } = useI18n();
  const act = useActing();
  const { sorted, patternOf, nameOf, patch } = options;
  const { value, problem, again } = useReading(options.list);
  useFollowing(['routing.changed'], again);

  const groups = computed(() => {
    if (value.value === null) return null;
    const all = sorted(value.value);
    return [...new Set(all.map(patternOf))].map((pattern) => ({
      pattern,
      words: /^\d+$/.test(pattern) ? '' : patternWords(pattern, t),
      same: all.filter((route) => patternOf(route) === pattern),
    }));
  });

  const open = ref(false);
  const edited = ref() as Ref<R | undefined>;
  const reordering = useReordering<R>({
    async neighbours(id) {
      const all = sorted(await options.list());
      const moved = all.find((route) => route.id === id);
      return all.filter((route) => moved !== undefined && patternOf(route) === patternOf(moved));
    },
    ...{ patch, again },
  });

  return {
    ...{ groups, problem, again, open, edited, nameOf, ...reordering },
    highest: computed(() => Math.max(0, ...(value.value ?? []).map(({ priority }) => priority))),
    taken: ref<string | null>(null),
    edit(route) {
      edited.value = route;
      open.value = true;
    },
    async enable(route, enabled) {
      await act(() => patch(route.id, { enabled }));
      await again();
    },
    async remove(route) {
      const name = nameOf(route);
      if (!(await confirmRemoval(name, options.means))) return;
      const gone = await act(() => options.remove(route.id));
      await again();
      if (!gone) return;
      doneWithUndo(t('common.removed', { name }), async () => {
        await act(() => options.bringBack(route));
        await again();
      });
    },
  };
}
