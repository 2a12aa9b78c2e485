// The draft of a flow as the box keeps it: read once, written a moment after each edit, one writing at a time. What somebody
// else has written meanwhile is neither lost nor written over without asking.
import type { Flow, FlowDraft } from '@cordboard/daemon/contract';
import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue';
import { RefusedError, isGone } from '@/api/errors';
import { drafts } from '../model/draft-api';
import { same } from '../model/difference';
import { toDefinition, toDrawing, type Drawing } from '../model/drawing';
import type { History } from '../model/history';

const SOON_MS = 500;

export type DraftState = 'live' | 'saved' | 'saving' | 'unsaved' | 'failed' | 'conflict';

export interface DraftKeeper {
  live: Ref<Flow | null>;
  draft: Ref<FlowDraft | null>;
  name: Ref<string>;
  state: ComputedRef<DraftState>;
  problem: Ref<unknown>;
  /** neither a flow nor a draft of this id is there */
  gone: Ref<boolean>;
  ready: Ref<boolean>;
  readProblem: Ref<unknown>;
  read: () => Promise<void>;
  /** Resolves when what is drawn is what the box has; false: it could not be written. */
  flush: () => Promise<boolean>;
  takeTheirs: () => Promise<void>;
  keepMine: () => Promise<void>;
  discard: () => Promise<void>;
  /** It went live: there is no draft any more. */
  wentLive: (flow: Flow) => void;
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** `settle`: gives a drawing that was read its missing places. */
export function useDraft(id: string, history: History<Drawing>, settle: (drawing: Drawing) => Drawing): DraftKeeper {
  const live = shallowRef<Flow | null>(null);
  const draft = shallowRef<FlowDraft | null>(null);
  const name = ref('');
  const ready = ref(false);
  const gone = ref(false);
  const readProblem = ref<unknown>(null);
  const problem = ref<unknown>(null);
  const writing = ref(false);
  /** what the box has, as it was sent */
  const kept = shallowRef<{ name: string; drawing: Drawing } | null>(null);

  const changed = computed(
    () => kept.value !== null && (kept.value.drawing !== history.now.value || kept.value.name !== name.value),
  );
  const conflict = computed(() => problem.value instanceof RefusedError && problem.value.code === 'flow_draft_changed');
  const state = computed<DraftState>(() => {
    if (conflict.value) return 'conflict';
    if (problem.value !== null) return 'failed';
    if (writing.value) return 'saving';
    if (changed.value) return 'unsaved';
    return draft.value === null ? 'live' : 'saved';
  });

  async function read(): Promise<void> {
    readProblem.value = null;
    try {
      const work = await drafts.work(id);
      [live.value, draft.value] = [work.live, work.draft];
      const from = draft.value ?? live.value;
      gone.value = from === null;
      if (from === null) return;
      begin(from);
      ready.value = true;
    } catch (error) {
      readProblem.value = error;
    }
  }

  function begin(from: { name: string; definition: unknown }): void {
    const drawing = settle(toDrawing(from.definition));
    history.begin(drawing);
    name.value = from.name;
    kept.value = { name: from.name, drawing };
    problem.value = null;
  }

  async function write(expected: number | null | undefined): Promise<boolean> {
    const sent = { name: name.value.trim() || id, drawing: history.now.value };
    // taken back to where it began: no draft is needed for that
    if (draft.value === null && live.value !== null && live.value.name === sent.name && sameAsLive(sent.drawing)) {
      kept.value = { name: name.value, drawing: sent.drawing };
      return true;
    }
    writing.value = true;
    problem.value = null;
    try {
      draft.value = await drafts.put(id, { name: sent.name, definition: toDefinition(sent.drawing), expected });
      kept.value = { ...sent, name: sent.name === name.value.trim() ? name.value : sent.name };
      return true;
    } catch (error) {
      problem.value = error;
      return false;
    } finally {
      writing.value = false;
    }
  }

  const sameAsLive = (drawing: Drawing): boolean =>
    live.value !== null && same(toDefinition(drawing), toDefinition(settle(toDrawing(live.value.definition))));

  let timer: number | undefined;
  let running: Promise<boolean> = Promise.resolve(true);
  function flush(): Promise<boolean> {
    window.clearTimeout(timer);
    running = running.then(async () => {
      if (conflict.value) return false;
      for (let turn = 0; changed.value && turn < 5; turn += 1)
        if (!(await write(draft.value?.updatedAt ?? null))) return false;
      return true;
    });
    return running;
  }
  watch([history.now, name], () => {
    if (!changed.value || conflict.value) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void flush(), SOON_MS);
  });
  onScopeDispose(() => {
    if (changed.value && !conflict.value) void flush();
    window.clearTimeout(timer);
  });

  return {
    ...{ live, draft, name, state, problem, gone, ready, readProblem, read, flush },
    async takeTheirs() {
      const theirs = await drafts.read(id);
      draft.value = theirs;
      problem.value = null;
      const drawing = settle(toDrawing(theirs.definition));
      // as one more step: taking it back brings mine again
      history.put(drawing);
      name.value = theirs.name;
      kept.value = { name: theirs.name, drawing };
    },
    async keepMine() {
      problem.value = null;
      await write(undefined);
    },
    async discard() {
      window.clearTimeout(timer);
      await orNull(drafts.remove(id));
      draft.value = null;
      if (live.value !== null) begin(live.value);
    },
    wentLive(flow) {
      live.value = flow;
      draft.value = null;
      kept.value = { name: name.value, drawing: history.now.value };
      problem.value = null;
    },
  };
}
