// What is written of a call: kept in the browser from the first letter until the box has stored it, and shown the same in every tab.
import type { CallNote } from '@cordboard/daemon/contract';
import { onScopeDispose, ref, watch, type Ref } from 'vue';
import { RefusedError } from '@/api/errors';
import { useLive } from '@/stores/live';
import { deskBox } from './api';

/** after the last letter, ms */
const PAUSE_MS = 500;
/** until the next try when the box could not be reached */
const RETRY_MS = 3000;

interface Draft {
  note: string;
  disposition: string | null;
  followUp: boolean;
  /** the box has it */
  stored: boolean;
}

/** untouched; saving: on its way; kept: in this browser, as the box cannot be reached; refused: the box says why */
export type NoteState = 'untouched' | 'saving' | 'saved' | 'kept' | 'refused';

const keyOf = (callId: string, agentId: string) => `cordboard.note.${agentId}.${callId}`;

export function useNote(callId: Ref<string | null>, agentId: Ref<string | null>, stored: Ref<CallNote | undefined>) {
  const live = useLive();
  const note = ref('');
  const disposition = ref<string | null>(null);
  const followUp = ref(false);
  const state = ref<NoteState>('untouched');
  const problem = ref<unknown>(null);

  let timer = 0;
  let filling = false;
  let saving: Promise<void> | null = null;

  const key = (): string | null =>
    callId.value !== null && agentId.value !== null ? keyOf(callId.value, agentId.value) : null;

  function fill(draft: Omit<Draft, 'stored'>): void {
    filling = true;
    note.value = draft.note;
    disposition.value = draft.disposition;
    followUp.value = draft.followUp;
    filling = false;
  }

  function kept(): Draft | null {
    const at = key();
    if (at === null) return null;
    try {
      return JSON.parse(localStorage.getItem(at) ?? 'null') as Draft | null;
    } catch {
      return null;
    }
  }

  function keep(isStored: boolean): void {
    const at = key();
    if (at === null) return;
    const { value: text } = note;
    const draft: Draft = { note: text, disposition: disposition.value, followUp: followUp.value, stored: isStored };
    if (isStored) localStorage.removeItem(at);
    else localStorage.setItem(at, JSON.stringify(draft));
  }

  function changed(): void {
    if (filling) return;
    keep(false);
    state.value = 'saving';
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void save(), PAUSE_MS);
  }

  /** Stores what stands there now; a change meanwhile is stored after it. */
  async function save(): Promise<void> {
    window.clearTimeout(timer);
    if (saving) {
      await saving;
      if (kept() === null) return;
    }
    saving = store();
    await saving;
    saving = null;
  }

  async function store(): Promise<void> {
    const [id, agent] = [callId.value, agentId.value];
    if (id === null || agent === null) return;
    const sent = { note: note.value, followUp: followUp.value, disposition: disposition.value };
    state.value = 'saving';
    try {
      const body = { note: sent.note, followUp: sent.followUp };
      await deskBox.putNote(id, agent, sent.disposition === null ? body : { ...body, disposition: sent.disposition });
      problem.value = null;
      if (id !== callId.value) return localStorage.removeItem(keyOf(id, agent));
      if (sent.note !== note.value || sent.disposition !== disposition.value || sent.followUp !== followUp.value)
        return;
      keep(true);
      state.value = 'saved';
    } catch (error) {
      if (id !== callId.value) return;
      problem.value = error;
      state.value = error instanceof RefusedError ? 'refused' : 'kept';
      // a call to the box once it is there again
      if (state.value === 'kept') timer = window.setTimeout(() => void save(), RETRY_MS);
    }
  }

  watch(
    [callId, agentId],
    (_, [before, by]) => {
      window.clearTimeout(timer);
      // What was not stored yet of the call before is sent as it stands in the browser.
      if (before && by) void sendKept(before, by);
      problem.value = null;
      const draft = kept();
      fill(draft ?? { note: '', disposition: null, followUp: false });
      state.value = draft ? 'kept' : 'untouched';
      if (draft && !draft.stored) timer = window.setTimeout(() => void save(), PAUSE_MS);
    },
    { immediate: true },
  );
  watch(
    stored,
    (found) => {
      if (!found || found.callId !== callId.value || kept() !== null) return;
      fill(found);
      state.value = 'saved';
    },
    { immediate: true },
  );
  watch([note, disposition, followUp], changed, { flush: 'sync' });
  watch(
    () => live.connected,
    (connected) => {
      if (connected && state.value === 'kept') void save();
    },
  );

  // Another tab writes into the same storage.
  function elsewhere(event: StorageEvent): void {
    if (event.key === null || event.key !== key() || event.newValue === null) return;
    try {
      fill(JSON.parse(event.newValue) as Draft);
      state.value = 'saving';
    } catch {
      // not ours
    }
  }
  function settled(event: StorageEvent): void {
    if (event.key !== null && event.key === key() && event.newValue === null) state.value = 'saved';
  }
  window.addEventListener('storage', elsewhere);
  window.addEventListener('storage', settled);
  onScopeDispose(() => {
    window.removeEventListener('storage', elsewhere);
    window.removeEventListener('storage', settled);
    window.clearTimeout(timer);
    if (kept() !== null) void store();
  });

  return { note, disposition, followUp, state, problem, save };
}

async function sendKept(callId: string, agentId: string): Promise<void> {
  const key = keyOf(callId, agentId);
  try {
    const draft = JSON.parse(localStorage.getItem(key) ?? 'null') as Draft | null;
    if (draft === null) return;
    const { note, followUp, disposition } = draft;
    await deskBox.putNote(callId, agentId, disposition === null ? { note, followUp } : { note, followUp, disposition });
    localStorage.removeItem(key);
  } catch (error) {
    // Words are never thrown away; what is none and is refused will not be taken later either.
    const empty = (localStorage.getItem(key) ?? '').includes('"note":""');
    if (empty && error instanceof RefusedError && error.status !== 401) localStorage.removeItem(key);
  }
}

/** Notes of earlier calls that never reached the box, such as when the browser was closed. */
export async function sendAllKept(agentId: string, but: string | null): Promise<void> {
  const prefix = `cordboard.note.${agentId}.`;
  for (const key of Object.keys(localStorage)) {
    const callId = key.startsWith(prefix) ? key.slice(prefix.length) : '';
    if (callId !== '' && callId !== but) await sendKept(callId, agentId);
  }
}
