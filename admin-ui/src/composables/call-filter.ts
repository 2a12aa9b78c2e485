import type { CallFigure, CallResult, CallState } from '@cordboard/daemon/contract';
import { computed } from 'vue';
import { useRoute, useRouter } from 'vue-router';

const keys = [
  ...(['state', 'number', 'match', 'from', 'to', 'queueId', 'agentId', 'trunk', 'direction', 'result'] as const),
  ...(['minMs', 'maxMs', 'recorded', 'disposition', 'behind', 'of'] as const),
];
export type CallFilterQuery = Partial<Record<(typeof keys)[number], string>>;

/** What is looked for stands in the address, so that going back, reloading and passing it on work. */
export function useCallFilter() {
  const route = useRoute();
  const router = useRouter();

  const given = computed<CallFilterQuery>(() =>
    Object.fromEntries(
      keys.flatMap((key) => {
        const value = route.query[key];
        return typeof value === 'string' && value !== '' ? [[key, value]] : [];
      }),
    ),
  );
  /** as the box is asked; it says itself what it does not understand */
  const query = computed(() => {
    const { state, from, to, minMs, maxMs, match, direction, result, recorded, behind, ...rest } = given.value;
    const number = (key: string, value: string | undefined) => (value === undefined ? {} : { [key]: Number(value) });
    return {
      ...rest,
      ...{ ...number('from', from), ...number('to', to), ...number('minMs', minMs), ...number('maxMs', maxMs) },
      ...(state === undefined ? {} : { state: state as CallState }),
      ...(match === undefined || rest.number === undefined ? {} : { match: match as 'begins' }),
      ...(direction === undefined ? {} : { direction: direction as 'in' }),
      ...(result === undefined ? {} : { result: result as CallResult }),
      ...(recorded === undefined ? {} : { recorded: recorded as 'yes' }),
      ...(behind === undefined ? {} : { behind: behind as CallFigure }),
    };
  });
  /** more than the kind of calls is asked for */
  const searching = computed(() => Object.keys(given.value).some((key) => key !== 'state'));

  function change(what: CallFilterQuery | Partial<Record<keyof CallFilterQuery, string | undefined>>): void {
    const next = { ...given.value, ...what } as Record<string, string | undefined>;
    for (const key of Object.keys(next)) if (next[key] === undefined || next[key] === '') delete next[key];
    void router.push({ query: next as Record<string, string> });
  }
  const clear = (): void => void router.push({ query: given.value.state ? { state: given.value.state } : {} });

  return { given, query, searching, change, clear };
}
