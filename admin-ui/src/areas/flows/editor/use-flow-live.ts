// Callers in the flow as they go: how many stand at each node, and who moves along which way now.
import { computed, onScopeDispose, reactive, ref, watch, type ComputedRef, type Ref } from 'vue';
import { api, told } from '@/api/client';
import { useLive } from '@/stores/live';
import type { Drawing } from '../model/drawing';
import { wayId, type Moving } from './canvas-key';
import type { Editor } from './use-editor';

/** More than that at once nobody follows with his eyes. */
const MOST_MOVING = 40;
const MOVE_MS = 1500;

export interface FlowLive {
  callers: ComputedRef<ReadonlyMap<string, number>>;
  inside: ComputedRef<number>;
  moving: Ref<Moving[]>;
  arrived: (moving: Moving) => void;
}

export function useFlowLive(editor: Editor, drawing: Readonly<Ref<Drawing>>): FlowLive {
  const live = useLive();
  /** of each call, its node */
  const at = reactive(new Map<string, string>());
  const moving = ref<Moving[]>([]);
  let turn = 0;
  let steps = 0;

  async function read(): Promise<void> {
    const before = steps;
    try {
      const { callers } = await told(api.GET('/api/v1/flows/{id}/callers', { params: { path: { id: editor.id } } }));
      // a step that came meanwhile is newer than the answer
      if (before !== steps) return void read();
      at.clear();
      for (const { callId, node } of callers) at.set(callId, node);
    } catch {
      // the next connection asks again; a flow that was never saved has nobody in it
    }
  }
  watch(
    () => [live.connected, editor.keeper.ready.value],
    ([connected, ready]) => connected && ready && void read(),
    { immediate: true },
  );

  onScopeDispose(
    live.onEvent('flow.step', ({ flowId, callId, node, from }) => {
      if (flowId !== editor.id) return;
      steps += 1;
      if (node === null) at.delete(callId);
      else at.set(callId, node);
      if (node === null || from === null) return;
      const way = wayBetween(from, node);
      if (way === undefined || moving.value.length >= MOST_MOVING) return;
      const one = { id: ++turn, way };
      moving.value = [...moving.value, one];
      // where nothing is animated nobody says that it has arrived
      window.setTimeout(() => arrived(one), MOVE_MS);
    }),
  );

  function wayBetween(from: string, to: string): string | undefined {
    const node = drawing.value.nodes[from];
    const exit = node && editor.exits(node).find(({ target }) => target === to);
    return exit && wayId(from, exit.field);
  }
  function arrived({ id }: Moving): void {
    moving.value = moving.value.filter((one) => one.id !== id);
  }

  const callers = computed(() => {
    const counts = new Map<string, number>();
    for (const node of at.values()) counts.set(node, (counts.get(node) ?? 0) + 1);
    return counts;
  });
  return { callers, inside: computed(() => at.size), moving, arrived };
}
