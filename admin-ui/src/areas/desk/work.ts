// What waits to be done at this desk: read when the page opens, when the connection is back, and when the box tells of a change.
import type { AgentMessage, Callback, MissedCall, VoiceMessage } from '@cordboard/daemon/contract';
import { onScopeDispose, ref, shallowRef, watch } from 'vue';
import { useLive } from '@/stores/live';
import { useSession } from '@/stores/session';
import { deskBox } from './api';
import { useDesk } from './store';

const DAY_MS = 86_400_000;
/** after it the box has on its disk what has just happened */
const STORED_MS = 1500;
/** ends of an offer that leave somebody unanswered */
const MISSED = ['noAnswer', 'callerGone', 'stationFailed'];

export interface BoxMessage extends VoiceMessage {
  boxName: string;
}

export function useWork() {
  const live = useLive();
  const desk = useDesk();
  const session = useSession();

  const missed = shallowRef<MissedCall[]>([]);
  const callbacks = shallowRef<Callback[]>([]);
  const voicemail = shallowRef<BoxMessage[]>([]);
  const messages = shallowRef<AgentMessage[]>([]);
  const problem = ref<unknown>(null);

  let told: MissedCall[] = [];
  /** what was done, or undone, in whatever tab, while an answer was under way */
  const lately = new Map<string, boolean>();
  const isDone = ({ callId, done }: MissedCall): boolean => lately.get(callId) ?? done;

  async function readMissed(): Promise<void> {
    if (desk.agentId === null) return;
    const found = await deskBox.missed(desk.agentId);
    const since = Date.now() - DAY_MS;
    // What the socket has told and is not on the box's disk yet stays.
    const ids = new Set(found.map(({ callId }) => callId));
    missed.value = [...found, ...told.filter(({ callId }) => !ids.has(callId))]
      .filter((one) => one.at > since && !isDone(one))
      .sort((a, b) => b.at - a.at);
  }

  async function readMessages(): Promise<void> {
    if (desk.agentId !== null) messages.value = await deskBox.unread(desk.agentId);
  }

  async function readCallbacks(): Promise<void> {
    const found = await deskBox.callbacks();
    // Those that he has promised, or that are his to make.
    callbacks.value = found.callbacks.filter(
      ({ agentId, createdBy }) => agentId === desk.agentId || createdBy === session.user?.username,
    );
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
      lately.clear();
      await Promise.all([readMissed(), readMessages(), readCallbacks(), readVoicemail()]);
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
      told = [...told, { ...one, outcome: String(data['outcome']), done: false }];
      anew(readMissed)();
    }),
    live.onEvent('voicemail.updated', anew(readVoicemail)),
    live.onEvent('callback.updated', anew(readCallbacks)),
    live.onEvent('agent.message', anew(readMessages)),
    live.onEvent('agent.messageRead', anew(readMessages)),
    live.onEvent('missed.updated', ({ agentId, callId, done }) => {
      if (agentId !== desk.agentId) return;
      lately.set(callId, done);
      anew(readMissed)();
    }),
  ];
  onScopeDispose(() => off.forEach((end) => end()));

  /** He has dealt with it, or has not after all; the box tells all his tabs. */
  const setMissedDone = (callId: string, done: boolean): Promise<boolean> =>
    desk.own(`missed ${callId}`, async (id) => {
      await deskBox.setMissedDone(id, callId, done);
      lately.set(callId, done);
      await readMissed();
    });
  const setRead = (messageId: string, read: boolean): Promise<boolean> =>
    desk.own(`message ${messageId}`, async (id) => {
      await deskBox.setRead(id, messageId, read);
      await readMessages();
    });

  return {
    missed,
    callbacks,
    voicemail,
    messages,
    problem,
    read,
    readVoicemail,
    readCallbacks,
    setMissedDone,
    setRead,
  };
}
