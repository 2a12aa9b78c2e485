// Who is at the other end, and what was before with his number.
import type { Contact, ContactCall } from '@cordboard/daemon/contract';
import { ref, shallowRef, watch, type Ref } from 'vue';
import { useLive } from '@/stores/live';
import { deskBox } from './api';

export function useContact(number: Ref<string>, callId: Ref<string | null>) {
  const live = useLive();
  const found = shallowRef<Contact[]>([]);
  const contact = shallowRef<Contact | null>(null);
  const calls = shallowRef<ContactCall[]>([]);
  const before = ref<string | null>(null);
  const known = ref(false);
  const problem = ref<unknown>(null);
  let reading = new AbortController();

  /** Whom this number belongs to; and, once it is known, what was with all his numbers. */
  async function read(): Promise<void> {
    reading.abort();
    reading = new AbortController();
    const { signal } = reading;
    if (number.value === '' || !/\d/.test(number.value)) return void (known.value = true);
    try {
      const [people, past] = await Promise.all([
        deskBox.contacts({ number: number.value, limit: 10 }, signal),
        deskBox.history(number.value, undefined, signal),
      ]);
      if (signal.aborted) return;
      found.value = people.contacts;
      contact.value = people.contacts.find(({ id }) => id === contact.value?.id) ?? people.contacts[0] ?? null;
      calls.value = past.calls;
      before.value = past.before;
      known.value = true;
      problem.value = null;
      const others = contact.value?.numbers ?? [];
      if (others.length > 1) {
        const all = await deskBox.history([...new Set([number.value, ...others])].join(','), undefined, signal);
        if (signal.aborted) return;
        calls.value = all.calls;
        before.value = all.before;
      }
    } catch (error) {
      if (!signal.aborted) problem.value = error;
    }
  }

  async function older(): Promise<void> {
    if (before.value === null) return;
    const numbers = [...new Set([number.value, ...(contact.value?.numbers ?? [])])].filter(Boolean).join(',');
    const next = await deskBox.history(numbers, before.value);
    calls.value = [...calls.value, ...next.calls];
    before.value = next.before;
  }

  function take(changed: Contact): void {
    contact.value = changed;
    found.value = [changed, ...found.value.filter(({ id }) => id !== changed.id)];
  }

  watch(
    [number, callId],
    ([now], [old]) => {
      if (now !== old) {
        found.value = [];
        contact.value = null;
        calls.value = [];
        before.value = null;
        known.value = false;
      }
      void read();
    },
    { immediate: true },
  );
  watch(
    () => live.connected,
    (connected) => connected && void read(),
  );

  return { found, contact, calls, before, known, problem, read, older, take };
}
