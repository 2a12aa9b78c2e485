import { useDocumentVisibility } from '@vueuse/core';
import { computed, onScopeDispose, ref, watch } from 'vue';
import { useRoute, useRouter } from 'vue-router';

/** What a screen on the wall shows stands in its address, so that the screen keeps it by itself. */
export interface WallChoice {
  /** ids of queues; empty: all */
  queues: string[];
  perPage: number;
  rotateS: number;
  theme: 'dark' | 'light';
}

const STANDARD = { perPage: 4, rotateS: 15 };
const within = (value: unknown, least: number, most: number, standard: number): number => {
  const number = Number(value);
  return Number.isInteger(number) && number >= least && number <= most ? number : standard;
};

export function useWallChoice() {
  const route = useRoute();
  const router = useRouter();
  return computed<WallChoice>({
    get: (): WallChoice => ({
      queues: String(route.query.queues ?? '')
        .split(',')
        .filter(Boolean),
      perPage: within(route.query.per, 1, 12, STANDARD.perPage),
      rotateS: within(route.query.every, 3, 600, STANDARD.rotateS),
      theme: route.query.theme === 'light' ? 'light' : 'dark',
    }),
    set: ({ queues, perPage, rotateS, theme }: WallChoice) =>
      void router.replace({
        query: {
          ...(queues.length ? { queues: queues.join(',') } : {}),
          ...(perPage === STANDARD.perPage ? {} : { per: String(perPage) }),
          ...(rotateS === STANDARD.rotateS ? {} : { every: String(rotateS) }),
          ...(theme === 'light' ? { theme } : {}),
        },
      }),
  });
}

/** One page of the things after another, round and round. */
export function useTurning<T>(all: () => readonly T[], perPage: () => number, everyS: () => number) {
  const turn = ref(0);
  const visibility = useDocumentVisibility();
  const pages = computed(() => Math.max(1, Math.ceil(all().length / perPage())));
  let timer: number | undefined;
  watch(
    [everyS, pages, visibility],
    () => {
      window.clearInterval(timer);
      if (pages.value > 1 && visibility.value === 'visible')
        timer = window.setInterval(() => (turn.value += 1), everyS() * 1000);
    },
    { immediate: true },
  );
  onScopeDispose(() => window.clearInterval(timer));
  const page = computed(() => turn.value % pages.value);
  const shown = computed(() => all().slice(page.value * perPage(), (page.value + 1) * perPage()));
  return { page, pages, shown, turn };
}
