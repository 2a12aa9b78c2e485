import { ref, type Ref } from 'vue';
import { useActing } from '../parts/acting';
import { moved } from './specificity';

interface Ordered {
  id: string;
  priority: number;
}

/**
 * Routes of one pattern put in another order, with buttons or by dragging. One move after the other, each on what the one before
 * has left: a second click while the first is on its way would else mix the two.
 */
export function useReordering<R extends Ordered>(options: {
  /** those of the same pattern in their order, read anew */
  neighbours: (id: string) => Promise<readonly R[]>;
  patch: (id: string, body: { priority: number }) => Promise<unknown>;
  again: () => Promise<void>;
}): {
  dragged: Ref<string | null>;
  move: (id: string, to: number) => Promise<void>;
  dropOn: (same: readonly R[], to: number) => void;
} {
  const act = useActing();
  const dragged = ref<string | null>(null);
  let last: Promise<void> = Promise.resolve();

  async function one(id: string, to: number): Promise<void> {
    await act(async () => {
      for (const { id: other, priority } of moved(await options.neighbours(id), id, to))
        await options.patch(other, { priority });
    });
    await options.again();
  }

  const move = (id: string, to: number): Promise<void> => (last = last.then(() => one(id, to)));

  function dropOn(same: readonly R[], to: number): void {
    const id = dragged.value;
    dragged.value = null;
    if (id !== null && same.some((route) => route.id === id)) void move(id, to);
  }

  return { dragged, move, dropOn };
}
