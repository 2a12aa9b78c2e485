// What waits to be done at this desk: read when the page opens, when the connection is back, and when the box tells of a change.
import type { AgentMessage, Callback, MissedCall, VoiceMessage } from '@cordboard/daemon/contract';
import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import { useLive } from '@/stores/live';
import { deskBox } from './api';
import { useDesk } from './store';

const DONE = 'cordboard.desk.missedDone';
const MESSAGES = 'cordboard.desk.messages';
const MOST_MESSAGES = 20;
const DAY_MS = 86_400_000;
/** after it the box has on its disk what has just happened */
const STORED_MS = 1500;
/** ends of an offer that leave somebody unanswered */
const MISSED = ['noAnswer', 'callerGone', 'stationFailed'];

export interface BoxMessage extends VoiceMessage {
  boxName: string;
}

function stored<T>(storage: Storage, key: string, otherwise: T): T {
  try {
    return (JSON.parse(storage.getItem(key) ?? 'null') as T | null) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function useWork() {
  const live = useLive();
  const desk = useDesk();

  const missed = shallowRef<MissedCall[]>([]);
  const callbacks = shallowRef<Callback[]>([]);
  const voicemail = shallowRef<BoxMessage[]>([]);
  const messages = ref<AgentMessage[]>(stored(sessionStorage, MESSAGES, []));
  const problem = ref<unknown>(null);
  const done = ref<string[]>(stored(localStorage, DONE, []));

  let told: MissedCall[] = [];

  async function readMissed(): Promise<void> {
    if (desk.agentId === null) return;
    const found = await deskBox.missed(desk.agentId);
    const since = Date.now() - DAY_MS;
    // What the socket has told and is not on the box's disk yet stays.
    const ids = new Set(found.map(({ callId }) => callId));
    missed.value = [...found, ...told.filter(({ callId }) => !ids.has(callId))]
      .filter(({ at, callId }) => at > since && !done.value.includes(callId))
      .sort((a, b) => b.at - a.at);
  }

  async function readCallbacks(): Promise<void> {
    const found = await deskBox.callbacks();
    callbacks.value = found.callbacks.filter(({ agentId }) => agentId === desk.agentId);
  }

  async function readVoicemail(): Promise<void> {
    const boxes = (await deskBox.boxes()).filter(
      ({ agents, queueId, fresh, old }) =>
        fresh + old > 0 && (agents.includes(desk.agentId ?? '') || (desk.self?.queues ?? []).includes(queueId ?? '')),
    );
    const lists = await Promise.all(
      boxes.map(async ({ id, name }) => (await deskBox.messages(id)).map((one) => ({ ...one, boxName: name }))),
    );
    voicemail.value = lists
      .flat()
      .filter(({ state }) => state !== 'handled')
      .sort((a, b) => b.receivedAt - a.receivedAt);
  }

  async function read(): Promise<void> {
    try {
      await Promise.all([readMissed(), readCallbacks(), readVoicemail()]);
      problem.value = null;
    } catch (error) {
      problem.value = error;
    }
  }

  /** For what is read again by itself: when it cannot be, the list says so and offers to try again. */
  const anew = (work: () => Promise<void>) => () => void work().catch((error: unknown) => (problem.value = error));

  watch(
    () => [live.connected, desk.agentId] as const,
    ([connected]) => connected && void read(),
    { immediate: true },
  );
  // What rang for me is known here still when the live store has forgotten it.
  const rang = new Map<string, { callingNumber: string; queueId: string | null }>();
  watch(
    () => desk.call,
    (call) => call && rang.set(call.id, { callingNumber: call.callingNumber, queueId: call.queueId }),
    { immediate: true },
  );
  let later = 0;
  watch(
    // A ring so short that no event told of it leaves another time in the state, too.
    () => desk.self?.since,
    () => {
      if (desk.self?.state === 'talking') return;
      window.clearTimeout(later);
      later = window.setTimeout(anew(readMissed), STORED_MS);
    },
  );
  onScopeDispose(() => window.clearTimeout(later));
  const off = [
    live.onSegment(({ kind, callId, startedAt, endedAt, data }) => {
      const call = live.calls.get(callId) ?? rang.get(callId);
      if (kind !== 'offer' || endedAt === null || call === undefined || data['agentId'] !== desk.agentId) return;
      if (!MISSED.includes(String(data['outcome']))) return;
      const { callingNumber, queueId } = call;
      const one = { callId, at: startedAt, callingNumber, queueId, ringMs: endedAt - startedAt };
      told = [...told, { ...one, outcome: String(data['outcome']) }];
      anew(readMissed)();
    }),
    live.onEvent('voicemail.updated', anew(readVoicemail)),
    live.onEvent('callback.updated', anew(readCallbacks)),
    live.onEvent('agent.message', (message) => {
      messages.value = [message, ...messages.value].slice(0, MOST_MESSAGES);
      sessionStorage.setItem(MESSAGES, JSON.stringify(messages.value));
    }),
  ];
  onScopeDispose(() => off.forEach((end) => end()));

  /** So that it is shown no more in this browser. */
  function missedDone(callId: string): void {
    done.value = [callId, ...done.value].slice(0, 500);
    localStorage.setItem(DONE, JSON.stringify(done.value));
    missed.value = missed.value.filter((one) => one.callId !== callId);
  }
  function missedUndone(callId: string): void {
    done.value = done.value.filter((one) => one !== callId);
    localStorage.setItem(DONE, JSON.stringify(done.value));
    anew(readMissed)();
  }
  function messageDone(at: number): void {
    messages.value = messages.value.filter((one) => one.at !== at);
    sessionStorage.setItem(MESSAGES, JSON.stringify(messages.value));
  }

  return {
    missed,
    callbacks,
    voicemail,
    messages,
    problem,
    read,
    readVoicemail,
    readCallbacks,
    missedDone,
    missedUndone,
    messageDone,
  };
}
