// What a page does without where its reader may not see it: names beside ids, choices of a form.
import type { Permission } from '@cordboard/daemon/contract';
import { useSession } from '@/stores/session';

/** Asks the box where it would answer; none otherwise, and where it cannot be read. */
export function useAsking(): <T>(needs: Permission | readonly Permission[], ask: () => Promise<T[]>) => Promise<T[]> {
  const session = useSession();
  return (needs, ask) => (session.may(needs) ? ask().catch(() => []) : Promise.resolve([]));
}
