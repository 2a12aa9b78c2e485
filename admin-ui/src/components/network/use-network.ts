import type { NetworkState } from '@cordboard/daemon/contract';
import { computed, ref, watch } from 'vue';
import { api, told } from '@/api/client';
import { usePolling } from '@/composables/polling';
import { useSaving } from '@/composables/saving';
import './words';
import {
  askedOfNetwork,
  confirmLink,
  draftOf,
  newAddress,
  readdressed,
  same,
  settingsOf,
  type NetworkDraft,
} from './network-draft';

/** The network as it is, as it is being typed, and on its way: for the page and the wizard. */
export function useNetwork() {
  const polled = usePolling((signal) => told(api.GET('/api/v1/network', { signal })), 1500);
  const { saving, problem, save } = useSaving();
  const draft = ref<NetworkDraft | null>(null);
  /** as it was when it began to be typed */
  const before = ref<NetworkState['settings'] | null>(null);
  /** where the page goes on; empty: here, or at an address that the network gives */
  const link = ref('');
  const given = ref(false);
  const minutes = ref(5);
  /** the box's clock less the browser's, ms */
  const offset = ref(0);

  function begin(): void {
    const { settings } = polled.value.value ?? {};
    if (!settings) return;
    draft.value = draftOf(settings);
    // in the order in which what is typed will be
    before.value = settingsOf(draft.value);
  }

  watch(polled.value, (now) => {
    if (!now) return;
    offset.value = now.clock.now - Date.now();
    if (draft.value === null) begin();
  });

  const applied = computed(() => polled.value.value?.applied ?? null);
  const under = computed(() => ['waiting', 'running', 'unconfirmed'].includes(applied.value?.state ?? ''));
  // what was kept, or came back, is what is typed on from
  watch(under, (now, then) => then && !now && begin());
  const changed = computed(
    () => draft.value !== null && before.value !== null && !same(settingsOf(draft.value), before.value),
  );
  const moves = computed(
    () => draft.value !== null && before.value !== null && readdressed(before.value, settingsOf(draft.value)),
  );

  const apply = (): Promise<boolean> =>
    save(async () => {
      if (draft.value === null || before.value === null) return;
      const settings = settingsOf(draft.value);
      const { code } = await told(
        api.PUT('/api/v1/network', { body: { settings, confirmWithinMinutes: minutes.value } }),
      );
      const host = newAddress(before.value, settings);
      link.value = host === undefined ? '' : confirmLink(host, code);
      given.value = host === undefined && askedOfNetwork(before.value, settings);
      await polled.refresh();
    });
  const keep = (): Promise<boolean> =>
    save(async () => {
      await told(api.POST('/api/v1/network/keep'));
      await polled.refresh();
    });
  const back = (): Promise<boolean> =>
    save(async () => {
      await told(api.DELETE('/api/v1/network'));
      await polled.refresh();
    });

  return {
    ...{ polled, draft, applied, under, changed, moves, minutes, offset, link, given },
    saving,
    problem,
    apply,
    keep,
    back,
  };
}
