import { readonly, ref } from 'vue';

/*
 * One clock for every running timer of the page. It counts in the box's time: the two clocks may be minutes apart, and
 * what a timer shows is the box's business. Ticks on the box's full seconds, so that all timers turn together.
 */

const offset = ref(0);
const current = ref(Date.now());

let held = false;

function tick(): void {
  const at = boxTime();
  if (!held) current.value = at;
  window.setTimeout(tick, 1000 - (at % 1000) + 5);
}
tick();

/** The time of the box, ms since 1970, once a second. */
export const now = readonly(current);

/** The time of the box at this instant. */
export function boxTime(): number {
  return Date.now() + offset.value;
}

/** Called with the time the box gave in an answer that has just arrived. */
export function setBoxTime(at: number): void {
  offset.value = at - Date.now();
  current.value = at;
  held = false;
}

/** Stops every timer until the box's time is known again: nobody can say whether what they count still goes on. */
export function holdTime(): void {
  held = true;
}
