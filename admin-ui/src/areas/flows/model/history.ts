// Steps that can be taken back. Edits of the same field one after the other are one step.
import { computed, ref, shallowRef, type ComputedRef, type ShallowRef } from 'vue';

const MOST = 200;

export interface History<T> {
  now: ShallowRef<T>;
  canUndo: ComputedRef<boolean>;
  canRedo: ComputedRef<boolean>;
  /** `about`: what was edited; the next edit about the same joins this step */
  put(next: T, about?: string): void;
  undo(): void;
  redo(): void;
  /** Begins anew from here; nothing can be taken back. */
  begin(from: T): void;
}

export function useHistory<T>(first: T): History<T> {
  const now = shallowRef(first) as ShallowRef<T>;
  const before = shallowRef<readonly T[]>([]);
  const after = shallowRef<readonly T[]>([]);
  const last = ref<string>();

  return {
    now,
    canUndo: computed(() => before.value.length > 0),
    canRedo: computed(() => after.value.length > 0),
    put(next, about) {
      if (next === now.value) return;
      if (about === undefined || about !== last.value) before.value = [...before.value.slice(1 - MOST), now.value];
      last.value = about;
      after.value = [];
      now.value = next;
    },
    undo() {
      const back = before.value.at(-1);
      if (back === undefined) return;
      after.value = [now.value, ...after.value];
      before.value = before.value.slice(0, -1);
      last.value = undefined;
      now.value = back;
    },
    redo() {
      const [next, ...rest] = after.value;
      if (next === undefined) return;
      before.value = [...before.value, now.value];
      after.value = rest;
      last.value = undefined;
      now.value = next;
    },
    begin(from) {
      before.value = [];
      after.value = [];
      last.value = undefined;
      now.value = from;
    },
  };
}
