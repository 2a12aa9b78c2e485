import { watch, type ObjectDirective } from 'vue';
import { now } from '@/composables/now';
import { duration } from '@/format/time';

/*
 * v-running="since" or v-running="{ since, until }": a running time, written straight into the page. Four hundred tiles
 * that were drawn again each second would keep a processor busy with nothing else.
 */

export type Running = number | { since: number; until: number | null };

const shown = new Map<HTMLElement, Running>();

function write(place: HTMLElement, value: Running): void {
  const { since, until } = typeof value === 'number' ? { since: value, until: null } : value;
  const text = duration((until ?? now.value) - since);
  if (place.firstChild === null) place.textContent = text;
  else if (place.firstChild.nodeValue !== text) place.firstChild.nodeValue = text;
}

watch(now, () => {
  for (const [place, value] of shown) write(place, value);
});

export const vRunning: ObjectDirective<HTMLElement, Running> = {
  created(place, { value }) {
    shown.set(place, value);
    write(place, value);
  },
  updated(place, { value }) {
    shown.set(place, value);
    write(place, value);
  },
  unmounted(place) {
    shown.delete(place);
  },
};
