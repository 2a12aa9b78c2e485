import { useKeptList, type KeptList } from './kept-list';

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

export interface OrderedRules<Rule, Draft, Body> extends KeptList<Rule, Draft> {
  /** one field of a rule, from the list */
  change: (rule: Rule, body: Partial<Body>) => Promise<void>;
  move: (index: number, by: -1 | 1) => Promise<void>;
}

/** Rules of which the first that fits holds: a kept list that has an order. */
export function useOrderedRules<Rule extends OrderedRule, Draft, Body>(
  options: OrderedRulesOptions<Rule, Draft, Body>,
): OrderedRules<Rule, Draft, Body> {
  const inOrder = (rules: readonly Rule[]): Rule[] => [...rules].sort((a, b) => a.position - b.position);
  const kept: KeptList<Rule, Draft> = useKeptList<Rule, Draft>({
    list: async (signal) => inOrder(await options.list(signal)),
    nameOf: ({ name }) => name,
    draftOf: (rule) => options.draftOf(rule),
    keep(draft, known) {
      const body = options.bodyOf(draft);
      const position = (kept.things.value?.at(-1)?.position ?? 0) + 10;
      return known ? options.change(known.id, body) : options.create({ ...body, position });
    },
    remove: ({ id }) => options.remove(id),
    bringBack: (rule) => options.create({ ...options.bodyAgain(rule), position: rule.position }),
  });
  const { save, again, things } = kept;

  return {
    ...kept,
    async change(rule, body) {
      await save(() => options.change(rule.id, body));
      await again();
    },
    async move(index, by) {
      const moved = reordered(things.value ?? [], index, by);
      await save(() => Promise.all(moved.map(({ id, position }) => options.place(id, position))));
      await again();
    },
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
