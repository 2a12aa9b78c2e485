import type {
  AgentToday,
  Call,
  CallAction,
  CallDetail,
  DeskTargets,
  Disposition,
  NotReadyReason,
  RecordingCondition,
  Segment,
} from '@cordboard/daemon/contract';
import { ElMessage } from 'element-plus';
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { box } from '@/api/box';
import { useProblem } from '@/composables/problem';
import { useLive } from '@/stores/live';
import { useSession } from '@/stores/session';
import { deskBox } from './api';
import { callOf, numberOf, partOf } from './my-call';

const LAST_CALL = 'cordboard.desk.lastCall';

/*
 * live store (what the box says) ─→ my state, my call ─→ the parts of the page
 * The page keeps nothing of a call: after a reload all of it comes from the box again.
 */
export const useDesk = defineStore('desk', () => {
  const live = useLive();
  const session = useSession();
  const sentenceOf = useProblem();

  const agentId = computed(() => session.user?.agentId ?? null);
  const self = computed(() => (agentId.value === null ? undefined : live.agents.get(agentId.value)));
  const station = computed(() => self.value?.station ?? null);
  const phone = computed(() => (station.value === null ? undefined : live.stations.get(station.value)));
  const signedIn = computed(() => self.value !== undefined && self.value.state !== 'signedOut');
  /** a page can lift this telephone */
  const liftable = ref(false);

  const call = computed<Call | undefined>(() => (self.value ? callOf(self.value, live.calls) : undefined));

  /** whose card is shown: the call of now, that of the paperwork, or the last one until it is put away */
  const lastCallId = ref(sessionStorage.getItem(LAST_CALL));
  const shownId = computed(() => call.value?.id ?? self.value?.wrapUp?.callId ?? lastCallId.value);
  const detail = shallowRef<CallDetail | null>(null);
  const segments = shallowRef<readonly Segment[]>([]);
  const shown = computed<Call | CallDetail | null>(
    () => call.value ?? (detail.value?.id === shownId.value ? detail.value : null),
  );
  const part = computed(() => (call.value ? partOf(call.value, station.value, segments.value) : undefined));
  const talking = computed(() => part.value?.self !== undefined && call.value?.phase === 'talking');
  /** also the own telephone, for a call that one makes */
  const rings = computed(() => part.value?.ringing === true || phone.value?.ringing === true);
  const number = computed(() => {
    if (!shown.value) return '';
    // who dialled stands among the parties while it lives, and is known by the last time they were seen
    return numberOf(shown.value, shown.value.parties.length > 0 ? station.value : dialledFrom.value);
  });
  const dialledFrom = ref<number | null>(null);
  watch(
    () => [call.value?.id, call.value?.parties[0]?.station] as const,
    ([id, first]) => {
      if (id) dialledFrom.value = first ?? null;
    },
  );

  const recording = ref<RecordingCondition['state']>('off');
  const targets = shallowRef<DeskTargets>({ queues: [], flows: [], stations: [] });
  const reasons = shallowRef<readonly NotReadyReason[]>([]);
  const dispositions = shallowRef<readonly Disposition[]>([]);
  const today = shallowRef<AgentToday | null>(null);
  const problem = ref<unknown>(null);
  /** what is being done now, so that nobody presses twice */
  const busy = ref<string | null>(null);

  /** A call that has just begun may not be on the box's disk yet: it is asked for again. */
  const again = ref(0);
  let reading = new AbortController();
  watch(
    () => [shownId.value, live.connected, again.value] as const,
    async ([id, connected], before) => {
      reading.abort();
      if (id !== before?.[0]) {
        detail.value = null;
        segments.value = [];
        recording.value = 'off';
      }
      if (!id || !connected) return;
      reading = new AbortController();
      const { signal } = reading;
      try {
        const found = await box.call(id, signal);
        if (signal.aborted) return;
        detail.value = found;
        const fresh = new Map([...found.segments, ...segments.value].map((one) => [one.id, one]));
        segments.value = [...fresh.values()];
        if (found.recording?.state === 'recording' && recording.value === 'off') recording.value = 'recording';
      } catch {
        // it was another's, or the box is away: the card shows what the socket told; a connection anew tries again
        if (!signal.aborted && call.value?.id === id) window.setTimeout(() => (again.value += 1), 500);
        if (!signal.aborted && !call.value && id === lastCallId.value && live.connected) putAway();
      }
    },
    { immediate: true },
  );
  live.onSegment((segment) => {
    if (segment.callId !== shownId.value) return;
    segments.value = [...segments.value.filter(({ id }) => id !== segment.id), segment];
  });
  live.onEvent('recording.updated', (condition) => {
    if (condition.callId === shownId.value) recording.value = condition.state;
  });
  live.onEvent('dial.refused', ({ en, zh }) => {
    ElMessage({ type: 'error', message: document.documentElement.lang === 'en' ? en : zh });
  });

  watch(
    () => call.value?.id,
    (id) => {
      if (!id) return;
      lastCallId.value = id;
      sessionStorage.setItem(LAST_CALL, id);
    },
    { immediate: true },
  );
  // the figures change when a call does
  watch(
    () => [self.value?.id, self.value?.state, live.connected] as const,
    () => void readToday(),
  );
  watch(station, () => void readPhone(), { immediate: true });

  async function readPhone(): Promise<void> {
    if (agentId.value === null || station.value === null) return void (liftable.value = false);
    liftable.value = await deskBox.phone(agentId.value).then(
      (now) => now.liftable,
      () => false,
    );
  }

  async function readToday(): Promise<void> {
    if (agentId.value === null || !live.connected) return;
    try {
      today.value = await deskBox.today(agentId.value);
    } catch {
      // the figures stay as they were
    }
  }

  /** What seldom changes; asked for when the page opens and after a lost connection. */
  async function read(): Promise<void> {
    try {
      const [there, why, what] = await Promise.all([deskBox.targets(), deskBox.reasons(), deskBox.dispositions()]);
      targets.value = there;
      reasons.value = why.filter(({ enabled }) => enabled).sort((a, b) => a.position - b.position);
      dispositions.value = what;
      problem.value = null;
    } catch (error) {
      problem.value = error;
    }
    void readToday();
    void readPhone();
  }

  /** Not the same thing twice at once; what the box says against it is shown. Whether it was done. */
  async function attempt(name: string, work: () => Promise<unknown>): Promise<boolean> {
    if (busy.value === name) return false;
    busy.value = name;
    try {
      await work();
      return true;
    } catch (error) {
      ElMessage({ type: 'error', message: sentenceOf(error), duration: 6000, showClose: true });
      return false;
    } finally {
      if (busy.value === name) busy.value = null;
    }
  }

  const act = (action: CallAction): Promise<boolean> => {
    const id = call.value?.id;
    return id === undefined ? Promise.resolve(false) : attempt(action.action, () => deskBox.act(id, action));
  };
  const own = (name: string, work: (id: string) => Promise<unknown>): Promise<boolean> => {
    const id = agentId.value;
    return id === null ? Promise.resolve(false) : attempt(name, () => work(id));
  };

  const answer = () => own('answer', (id) => deskBox.movePhone(id, 'lift'));
  const dial = (to: string) => attempt('dial', () => deskBox.call(to));
  const setState = (state: 'ready' | 'notReady' | 'signedOut', reason?: string) =>
    own(`state ${state} ${reason ?? ''}`, (id) => deskBox.setState(id, state, reason));
  const signIn = (at: number) => own('signIn', (id) => deskBox.signIn(id, at));
  const extendWrapUp = () => own('wrapUp', (id) => deskBox.extendWrapUp(id, 60_000));
  const record = (action: 'pause' | 'resume' | 'start') => {
    const id = call.value?.id;
    return id === undefined
      ? Promise.resolve(false)
      : attempt('record', async () => void (recording.value = (await deskBox.record(id, action)).state));
  };
  const survey = () => {
    const id = call.value?.id;
    return id === undefined ? Promise.resolve(false) : attempt('survey', () => deskBox.survey(id));
  };

  /** The card of a call that is over. */
  function putAway(): void {
    lastCallId.value = null;
    sessionStorage.removeItem(LAST_CALL);
  }

  const queueLabel = (id: string): string =>
    live.queues.get(id)?.name ?? targets.value.queues.find((queue) => queue.id === id)?.name ?? id;

  return {
    ...{
      agentId,
      self,
      station,
      phone,
      signedIn,
      liftable,
      call,
      shown,
      shownId,
      detail,
      segments,
      part,
      talking,
      rings,
      number,
    },
    ...{ recording, targets, reasons, dispositions, today, problem, busy },
    ...{ read, act, answer, dial, setState, signIn, extendWrapUp, record, survey, putAway, queueLabel, attempt, own },
  };
});
