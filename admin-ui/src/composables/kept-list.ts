import { computed, ref, type ComputedRef, type Ref } from 'vue';
import { useI18n } from 'vue-i18n';
import { confirmRemoval, done, doneWithUndo } from './confirm';
import { useReading } from './reading';
import { useSaving } from './saving';

export interface KeptListOptions<Thing, Draft> {
  list: (signal: AbortSignal) => Promise<readonly Thing[]>;
  /** as the list shows them; without it as the box gave them */
  sorted?: (things: readonly Thing[]) => readonly Thing[];
  nameOf: (thing: Thing) => string;
  /** what the form begins with; `thing` null: for a new one */
  draftOf: (thing: Thing | null, all: readonly Thing[]) => Draft;
  /** makes a new one (`known` null) or changes the known one */
  keep: (draft: Draft, known: Thing | null) => Promise<unknown>;
  remove: (thing: Thing) => Promise<unknown>;
  /** what its removal means for callers and people */
  means?: (thing: Thing) => string;
  /** makes a removed one anew; without it there is no way back and nothing says so */
  bringBack?: (thing: Thing) => Promise<unknown>;
}

export interface KeptList<Thing, Draft> {
  /** null until they were read */
  things: ComputedRef<readonly Thing[] | null>;
  /** said above the list: what was not read, or not done from the list */
  listProblem: ComputedRef<unknown>;
  again: () => Promise<void>;
  open: Ref<boolean>;
  known: Ref<Thing | null>;
  draft: Ref<Draft>;
  dirty: ComputedRef<boolean>;
  saving: Ref<boolean>;
  problem: Ref<unknown>;
  save: (work: () => Promise<unknown>) => Promise<boolean>;
  nameOf: (thing: Thing) => string;
  edit: (thing: Thing | null) => void;
  submit: () => Promise<void>;
  remove: (thing: Thing) => Promise<void>;
}

/** Things in a list with a form beside it: read, made, changed, removed and brought back. `KeptList.vue` draws it. */
export function useKeptList<Thing, Draft>(options: KeptListOptions<Thing, Draft>): KeptList<Thing, Draft> {
  const { t } = useI18n();
  const { value: read, problem: unread, again } = useReading(options.list);
  const { saving, problem, save } = useSaving();
  const things = computed(() => read.value && (options.sorted?.(read.value) ?? read.value));

  const open = ref(false);
  const known = ref(null) as Ref<Thing | null>;
  const draft = ref(options.draftOf(null, [])) as Ref<Draft>;
  const before = ref('');
  const dirty = computed(() => JSON.stringify(draft.value) !== before.value);

  function edit(thing: Thing | null): void {
    known.value = thing;
    draft.value = options.draftOf(thing, read.value ?? []);
    before.value = JSON.stringify(draft.value);
    problem.value = null;
    open.value = true;
  }

  async function submit(): Promise<void> {
    if (!(await save(() => options.keep(draft.value, known.value)))) return;
    open.value = false;
    done(t('common.saved'));
    await again();
  }

  async function remove(thing: Thing): Promise<void> {
    const name = options.nameOf(thing);
    if (!(await confirmRemoval(name, options.means?.(thing)))) return;
    if (!(await save(() => options.remove(thing)))) return;
    await again();
    const { bringBack } = options;
    if (!bringBack) return done(t('common.removed', { name }));
    doneWithUndo(t('common.removed', { name }), async () => {
      if (await save(() => bringBack(thing))) await again();
    });
  }

  const listProblem = computed(() => unread.value ?? (open.value ? null : problem.value));
  const { nameOf } = options;
  return {
    ...{ things, listProblem, again, open, known, draft, dirty, saving, problem, save, nameOf, edit, submit, remove },
  };
}
