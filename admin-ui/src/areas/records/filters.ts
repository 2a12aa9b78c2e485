import { computed, type WritableComputedRef } from 'vue';
import { useRoute, useRouter } from 'vue-router';

/** A filter that stands in the address, so that going back, reloading and a link show the same. A new choice begins at the newest. */
export function useAddressFilter(name: string): WritableComputedRef<string> {
  const route = useRoute();
  const router = useRouter();
  return computed({
    get: () => (typeof route.query[name] === 'string' ? route.query[name] : ''),
    // an input that is cleared gives null or undefined
    set: (value: string | null | undefined) =>
      void router.replace({ query: { ...route.query, before: undefined, [name]: value ? value : undefined } }),
  });
}
