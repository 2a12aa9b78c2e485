import type { ReportDefinition } from '@cordboard/daemon/contract';
import { ref } from 'vue';

/** so many are shown until somebody chooses: what fits beside each other */
const SHOWN_FIRST = 13;

/** Which columns of a report somebody looks at, remembered in this browser. */
export function useColumns({ id, figures }: ReportDefinition) {
  const key = `cordboard.columns.${id}`;
  const shown = ref(remembered(key)?.filter((one) => figures.includes(one)) ?? figures.slice(0, SHOWN_FIRST));

  function toggle(figure: string): void {
    const next = shown.value.includes(figure)
      ? shown.value.filter((one) => one !== figure)
      : figures.filter((one) => one === figure || shown.value.includes(one));
    if (next.length === 0) return;
    shown.value = next;
    try {
      localStorage.setItem(key, JSON.stringify(next));
    } catch {
      // storage switched off: the choice holds until the page is closed
    }
  }
  return { shown, toggle };
}

function remembered(key: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? 'null');
    if (Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string'))
      return value as string[];
  } catch {
    // not ours, or storage is switched off
  }
  return undefined;
}
