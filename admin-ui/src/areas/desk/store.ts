import type {
  AgentToday,
  Call,
  CallAction,
  CallDetail,
  DeskTargets,
  Disposition,
  NotReadyReason,
} from '@cordboard/daemon/contract';
import { ElMessage } from 'element-plus';
import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, shallowRef, watch, watchEffect } from 'vue';
import { useProblem } from '@/composables/problem';
import { useLive } from '@/stores/live';
import { useSession } from '@/stores/session';
import { deskBox } from './api';
import { useKeptCard } from './kept-card';
import { useHeadset } from './headset/headset';
import { callOf, numberOf, partOf } from './my-call';
import { usePieces } from './pieces';

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
  /** a page can lift this telephone: a simulated one, or this page itself is it */
  const headset = useHeadset();
  const handset = ref(false);
  const liftable = computed(() => handset.value || headset.ringing !== undefined);

  /** who has lent his caller to a flow is in no call, and waits for him at the telephone */
  const lent = shallowRef<Call>();
  const call = computed<Call | undefined>(
    () => (self.value ? callOf(self.value, live.calls) : undefined) ?? lent.value,
  );

  /** whose card is shown: the call of now, that of the paperwork, or the last one until it is put away */
  const lastCallId = ref(sessionStorage.getItem(LAST_CALL));
  const newestId = computed(() => call.value?.id ?? self.value?.wrapUp?.callId ?? lastCallId.value);
  const newest = usePieces(
    newestId,
    (id) => call.value?.id === id,
    (id) => id === lastCallId.value && !call.value && putAway(),
  );
  watchEffect(
    () => {
      const last = lastCallId.value === null ? undefined : live.calls.get(lastCallId.value);
      const waits = newest.segments.value.some(
        ({ kind, callId, endedAt, data }) =>
          kind === 'lent' && callId === last?.id && endedAt === null && data['by'] === station.value,
      );
      lent.value = waits && last?.phase === 'inFlow' ? last : undefined;
    },
    { flush: 'sync' },
  );
  /** unless somebody writes on another */
  const { kept, filling, shown: shownId, release, keep, wrote } = useKeptCard(newestId, () => older.beginWith(newest));
  const older = usePieces(
    computed(() => kept.value ?? null),
    () => false,
    () => release(),
  );
  const pieces = computed(() => (kept.value === undefined ? newest : older));
  const detail = computed(() => pieces.value.detail.value);
  const segments = computed(() => pieces.value.segments.value);
  const shown = computed<Call | CallDetail | null>(() => {
    if (call.value !== undefined && call.value.id === shownId.value) return call.value;
    return detail.value?.id === shownId.value ? detail.value : null;
  });
  const part = computed(() => (call.value ? partOf(call.value, station.value, newest.segments.value) : undefined));
  const talking = computed(() => part.value?.self !== undefined && call.value?.phase === 'talking');
  /** also the own telephone, for a call that one makes */
  const rings = computed(() => part.value?.ringing === true || phone.value?.ringing === true);
  const dialledFrom = shallowReactive(new Map<string, number | null>());
  watch(
    () => [call.value?.id, call.value?.parties[0]?.station] as const,
    ([id, first]) => {
      if (id) dialledFrom.set(id, first ?? null);
    },
  );
  // who dialled stands among the parties while it lives, and is known by the last time they were seen
  const numberAt = (one: Call): string =>
    numberOf(one, one.parties.length > 0 ? station.value : (dialledFrom.get(one.id) ?? null));
  /** of whom the card is */
  const number = computed(() => (shown.value ? numberAt(shown.value) : ''));
  /** of the newest, whether its card is shown or not */
  const newestNumber = computed(() => {
    const one = call.value?.id === newestId.value ? call.value : newest.detail.value;
    return one ? numberAt(one) : '';
  });
  /** whose card is open, also of somebody who was looked up */
  const cardNumber = ref('');
  /** with whom the telephone is */
  const callNumber = computed(() => (call.value ? numberAt(call.value) : ''));

  const { recording } = newest;
  const targets = shallowRef<DeskTargets>({ queues: [], flows: [], stations: [] });
  const reasons = shallowRef<readonly NotReadyReason[]>([]);
  const dispositions = shallowRef<readonly Disposition[]>([]);
  const today = shallowRef<AgentToday | null>(null);
  const problem = ref<unknown>(null);
  /** what is being done now, so that nobody presses twice */
  const busy = ref<string | null>(null);

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
    if (agentId.value === null || station.value === null) return void (handset.value = false);
    handset.value = await deskBox.phone(agentId.value).then(
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

  const answer = () => {
    if (headset.ringing !== undefined) headset.answer();
    else void own('answer', (id) => deskBox.movePhone(id, 'lift'));
  };
  /** who was parked rings at the own telephone */
  const take = (id: string) => attempt('take', () => deskBox.take(id));
  const pickUp = (from: number) => attempt('take', () => deskBox.pickUp(from));
  const dial = (to: string) => {
    headset.dialled();
    return attempt('dial', () => deskBox.call(to));
  };
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
    release();
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
      newestId,
      detail,
      segments,
      callSegments: newest.segments,
      part,
      lent,
      talking,
      rings,
      number,
      newestNumber,
      callNumber,
      cardNumber,
    },
    ...{ kept, filling, release, keep, wrote },
    ...{ recording, targets, reasons, dispositions, today, problem, busy },
    ...{
      read,
      act,
      answer,
      take,
      pickUp,
      dial,
      setState,
      signIn,
      extendWrapUp,
      record,
      survey,
      putAway,
      queueLabel,
      attempt,
      own,
    },
  };
});
