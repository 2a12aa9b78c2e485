import { ReportBy, type ReportDefinition } from '@cordboard/daemon/contract';
import { computed, type ComputedRef } from 'vue';
import { useRoute, useRouter, type LocationQuery, type LocationQueryRaw } from 'vue-router';
import { now } from '@/composables/now';
import { dayStart, dayText, midnightOf, periods, rangeOf, type Period } from './zone-time';

const text = (query: LocationQuery, key: string): string | undefined => {
  const value = query[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** What a report is asked for stands in the address, so that going back, reloading and passing it on work. */
export function useReportQuery(definition: ReportDefinition, zone: string) {
  const route = useRoute();
  const router = useRouter();

  const period: ComputedRef<Period> = computed(
    () => periods.find((one) => one === text(route.query, 'period')) ?? (text(route.query, 'from') ? 'own' : 'today'),
  );
  /** once the page is open, today stays today until it is over */
  const today = computed(() => midnightOf(now.value, zone));
  const range = computed(() => {
    if (period.value !== 'own') return rangeOf(period.value, today.value, zone);
    const from = dayStart(text(route.query, 'from') ?? '', zone) ?? today.value;
    const last = dayStart(text(route.query, 'to') ?? '', zone) ?? from;
    return { from, to: midnightOf(Math.max(from, last), zone, 1) };
  });
  const by = computed<ReportBy>(() => {
    const asked = ReportBy.safeParse(text(route.query, 'by'));
    if (asked.success) return asked.data;
    const days = (range.value.to - range.value.from) / 86_400_000;
    return definition.by === 'none' ? 'none' : days <= 2 ? 'hour' : days <= 70 ? 'day' : 'month';
  });
  const many = (key: string) => computed(() => text(route.query, key)?.split(',') ?? []);
  const queues = many('queues');
  const agents = many('agents');
  /** of the two calendar fields */
  const days = computed(() => ({ from: dayText(range.value.from, zone), to: dayText(range.value.to - 1, zone) }));

  function change(what: LocationQueryRaw): void {
    const query = { ...route.query, ...what };
    for (const key of Object.keys(query)) if (query[key] === undefined || query[key] === '') delete query[key];
    void router.push({ query });
  }
  return { period, range, by, queues, agents, days, change };
}
