import type { SipTrunkState } from '@cordboard/daemon/contract';
import { computed } from 'vue';
import { box } from '@/api/box';
import { api, told } from '@/api/client';
import { useFollowed } from '@/composables/followed';
import { useLive } from '@/stores/live';
import { useSession } from '@/stores/session';

/** what nobody means as a limit */
const UNBOUNDED = 1000;

export interface SipTrunk {
  id: string;
  name: string;
  state: SipTrunkState | 'unknown';
  calls: number;
  /** calls at once that are allowed; null: any number */
  most: number | null;
}

/** SIP trunks: how each does, and how many calls are on it. */
export function useTrunks() {
  const live = useLive();
  const session = useSession();
  const may = session.may('trunks.view');
  // how they do, and with it which there are: one that is new is told of as soon as it is asked
  const { value: read } = useFollowed(['trunk.updated'], async (signal) =>
    may ? Promise.all([box.trunks(), told(api.GET('/api/v1/sip/trunks', { signal }))]) : ([[], []] as const),
  );
  return computed<SipTrunk[]>(() => {
    const [all, states] = read.value ?? [[], []];
    const sip = all.filter(({ kind }) => kind === 'sip');
    if (sip.length === 0) return [];
    const used = new Map<string, number>();
    for (const { parties } of live.calls.values())
      for (const { place } of parties)
        if (place.startsWith('trunk ')) used.set(place.slice(6), (used.get(place.slice(6)) ?? 0) + 1);
    return sip.map((trunk) => ({
      ...{ id: trunk.id, name: trunk.name, calls: used.get(trunk.id) ?? 0 },
      state: states.find((one) => one.trunk === trunk.id)?.state ?? 'unknown',
      most: trunk.maxCalls < UNBOUNDED ? trunk.maxCalls : null,
    }));
  });
}
