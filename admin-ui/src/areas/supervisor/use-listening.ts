import type { Call, MonitorMode, SuperviseAction } from '@cordboard/daemon/contract';
import { useLocalStorage } from '@vueuse/core';
import { computed, ref, watch, type Ref } from 'vue';
import { api, told } from '@/api/client';
import { useSaving } from '@/composables/saving';
import { useLive } from '@/stores/live';
import { useSession } from '@/stores/session';
import { isMonitor } from './seats';

const waits = ref<string | null>(null);

/** A supervisor in the call of an agent, at a telephone that he chose once in this browser. */
export function useListening(call: Ref<Call | undefined>) {
  const live = useLive();
  const session = useSession();
  const { saving, problem, save } = useSaving();

  const chosen = useLocalStorage<number | null>('cordboard.supervisorStation', null, {
    serializer: {
      read: (text) => (/^\d+$/.test(text) ? Number(text) : null),
      write: (value) => (value === null ? '' : String(value)),
    },
  });
  /** chosen, or where one has signed in oneself */
  const station = computed<number | null>({
    get: () => {
      if (chosen.value !== null && live.stations.has(chosen.value)) return chosen.value;
      const own = session.user?.agentId ? live.agents.get(session.user.agentId) : undefined;
      return own?.station ?? null;
    },
    set: (value) => (chosen.value = value),
  });

  /** one's own part in the call */
  const mine = computed(
    () =>
      call.value?.parties.find(
        (party) =>
          party.station === station.value && party.agentId === null && (isMonitor(party) || party.state === 'ringing'),
      ) ?? null,
  );
  const ringing = computed(() => mine.value?.state === 'ringing');
  const mode = computed<MonitorMode | null>(() => {
    const state = mine.value?.state;
    return state === 'listen' || state === 'whisper' || state === 'barge' ? state : null;
  });
  const others = computed(
    () => call.value?.parties.filter((party) => party !== mine.value && isMonitor(party)).length ?? 0,
  );
  /** what was asked for while the telephone rings */
  const asked = ref<MonitorMode>('listen');

  const act = (action: SuperviseAction): Promise<boolean> =>
    save(async () => {
      if (!call.value) return;
      await told(api.POST('/api/v1/calls/{id}/supervise', { params: { path: { id: call.value.id } }, body: action }));
    });

  async function enter(wanted: MonitorMode): Promise<void> {
    if (station.value === null) return;
    asked.value = wanted;
    if (mine.value) await act({ action: 'changeMode', station: station.value, mode: wanted });
    else await act({ action: 'monitor', station: station.value, mode: wanted });
  }

  async function stop(): Promise<void> {
    waits.value = null;
    if (station.value !== null) await act({ action: 'stop', station: station.value });
  }

  /** He has to be in the call before it can be his: rung first, it is taken over when he lifts. */
  const takesOver = computed(() => waits.value !== null && waits.value === call.value?.id);
  async function takeOver(): Promise<void> {
    if (station.value === null || !call.value) return;
    if (mode.value) {
      await act({ action: 'takeOver', station: station.value });
      return;
    }
    waits.value = call.value.id;
    if (!mine.value && !(await act({ action: 'monitor', station: station.value, mode: 'listen' }))) waits.value = null;
  }
  watch(mode, (now, before) => {
    if (now && !before && takesOver.value && station.value !== null) {
      waits.value = null;
      void act({ action: 'takeOver', station: station.value });
    }
  });
  watch(mine, (now, before) => {
    // not lifted in time, or put down
    if (!now && before && takesOver.value) waits.value = null;
  });

  return { station, mine, ringing, mode, asked, others, takesOver, saving, problem, enter, stop, takeOver, act };
}
