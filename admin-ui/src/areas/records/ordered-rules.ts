import { computed, ref, type Ref } from 'vue';
import { useI18n } from 'vue-i18n';
import { confirmRemoval, done, doneWithUndo } from '@/composables/confirm';
import { useReading } from '@/composables/reading';
import { useSaving } from '@/composables/saving';

interface OrderedRule {
  id: string;
  name: string;
  position: number;
}

export interface OrderedRulesOptions<Rule extends OrderedRule, Draft, Body> {
  list: (signal: AbortSignal) => Promise<readonly Rule[]>;
  create: (body: Body & { position: number }) => Promise<unknown>;
  change: (id: string, body: Partial<Body>) => Promise<unknown>;
  place: (id: string, position: number) => Promise<unknown>;
  remove: (id: string) => Promise<unknown>;
  /** what the form begins with; null: for a new one */
  draftOf: (rule: Rule | null) => Draft;
  bodyOf: (draft: Draft) => Body;
  /** what makes a removed one anew */
  bodyAgain: (rule: Rule) => Body;
}

/** Rules of which the first that fits holds: read, made, changed, put in order, removed and brought back. */
export function useOrderedRules<Rule extends OrderedRule, Draft, Body>(
  options: OrderedRulesOptions<Rule, Draft, Body>,
) {
  const { t } = useI18n();
  const { value: read, problem: unread, again } = useReading(options.list);
  const rules = computed(() => [...(read.value ?? [])].sort((a, b) => a.position - b.position));

  const open = ref(false);
  const changing = ref(null) as Ref<Rule | null>;
  const draft = ref(options.draftOf(null)) as Ref<Draft>;
  const before = ref('');
  const dirty = computed(() => JSON.stringify(draft.value) !== before.value);
  const { saving, problem, save } = useSaving();

  function edit(rule: Rule | null): void {
    changing.value = rule;
    draft.value = options.draftOf(rule);
    before.value = JSON.stringify(draft.value);
    problem.value = null;
    open.value = true;
  }

  async function keep(): Promise<void> {
    const body = options.bodyOf(draft.value);
    const id = changing.value?.id;
    const position = (rules.value.at(-1)?.position ?? 0) + 10;
    if (!(await save(() => (id ? options.change(id, body) : options.create({ ...body, position }))))) return;
    open.value = false;
    done(t('common.saved'));
    await again();
  }

  async function change(rule: Rule, body: Partial<Body>): Promise<void> {
    await save(() => options.change(rule.id, body));
    await again();
  }

  async function move(index: number, by: -1 | 1): Promise<void> {
    const moved = reordered(rules.value, index, by);
    await save(() => Promise.all(moved.map(({ id, position }) => options.place(id, position))));
    await again();
  }

  async function remove(rule: Rule): Promise<void> {
    if (!(await confirmRemoval(rule.name))) return;
    if (!(await save(() => options.remove(rule.id)))) return;
    await again();
    doneWithUndo(t('common.removed', { name: rule.name }), async () => {
      const anew = { ...options.bodyAgain(rule), position: rule.position };
      if (await save(() => options.create(anew))) await again();
    });
  }

  return {
    ...{ rules, read, again, open, changing, draft, dirty, saving, problem, save, edit, keep, change, move, remove },
    /** said above the list: what was not read, or not done from the list */
    listProblem: computed(() => unread.value ?? (open.value ? null : problem.value)),
  };
}

/** A new order, as the positions that have to be told to the box: what stands where it should is left alone. */
function reordered<T extends { id: string; position: number }>(
  rules: readonly T[],
  from: number,
  by: -1 | 1,
): { id: string; position: number }[] {
  const order = [...rules];
  const [moved] = order.splice(from, 1);
  if (!moved) return [];
  order.splice(from + by, 0, moved);
  return order
    .map(({ id, position }, index) => ({ id, was: position, position: (index + 1) * 10 }))
    .filter(({ was, position }) => was !== position)
    .map(({ id, position }) => ({ id, position }));
}
