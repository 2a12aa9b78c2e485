import type { SipTrunkState } from '@cordboard/daemon/contract';
import { computed } from 'vue';
import { box } from '@/api/box';
import { api, told } from '@/api/client';
import { useFollowed } from '@/composables/followed';
import { useReading } from '@/composables/reading';
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
  const { value: all } = useReading(async () => (may ? box.trunks() : []));
  const { value: states } = useFollowed(['trunk.updated'], async (signal) =>
    may ? told(api.GET('/api/v1/sip/trunks', { signal })) : [],
  );
  return computed<SipTrunk[]>(() => {
    const sip = (all.value ?? []).filter(({ kind }) => kind === 'sip');
    if (sip.length === 0) return [];
    const used = new Map<string, number>();
    for (const { parties } of live.calls.values())
      for (const { place } of parties)
        if (place.startsWith('trunk ')) used.set(place.slice(6), (used.get(place.slice(6)) ?? 0) + 1);
    return sip.map((trunk) => ({
      ...{ id: trunk.id, name: trunk.name, calls: used.get(trunk.id) ?? 0 },
      state: states.value?.find((one) => one.trunk === trunk.id)?.state ?? 'unknown',
      most: trunk.maxCalls < UNBOUNDED ? trunk.maxCalls : null,
    }));
  });
}
