// What nodes may name besides prompts: queues, calendars, agents … each kind is read once, when it is first needed.
import { reactive } from 'vue';
import { api, told } from '@/api/client';

export type ThingKind =
  'queue' | 'flow' | 'calendar' | 'announcement' | 'agent' | 'rota' | 'voicemail' | 'conference' | 'survey';

export interface Thing {
  id: string;
  name: string;
}

const named = (rows: readonly { id: string; name: string }[]): Thing[] => rows.map(({ id, name }) => ({ id, name }));

const READERS: Record<ThingKind, () => Promise<Thing[]>> = {
  queue: async () => named(await told(api.GET('/api/v1/queues'))),
  flow: async () => named(await told(api.GET('/api/v1/flows'))),
  calendar: async () => named(await told(api.GET('/api/v1/calendars'))),
  announcement: async () =>
    (await told(api.GET('/api/v1/announcements'))).map(({ id, name }) => ({ id, name: name || id })),
  agent: async () => named(await told(api.GET('/api/v1/agents'))),
  rota: async () => named(await told(api.GET('/api/v1/duty-groups'))),
  voicemail: async () => named(await told(api.GET('/api/v1/voicemail/boxes'))),
  conference: async () => named(await told(api.GET('/api/v1/conferences'))),
  survey: async () => named(await told(api.GET('/api/v1/surveys'))),
};

export interface Things {
  /** Empty until it is known. */
  of(kind: ThingKind): readonly Thing[];
  nameOf(kind: ThingKind, id: string): string;
}

export function useThings(): Things {
  const known = reactive(new Map<ThingKind, readonly Thing[]>());
  const asked = new Set<ThingKind>();

  function of(kind: ThingKind): readonly Thing[] {
    if (!asked.has(kind)) {
      asked.add(kind);
      READERS[kind]().then(
        (things) => known.set(kind, things),
        // it is asked for again the next time somebody wants to choose
        () => asked.delete(kind),
      );
    }
    return known.get(kind) ?? [];
  }

  return { of, nameOf: (kind, id) => of(kind).find((one) => one.id === id)?.name ?? id };
}

/** Which things a field of a node chooses among; undefined: none that can be listed. */
export function thingKindOf(type: string, field: string): ThingKind | undefined {
  if (field === 'to') return type === 'voicemail' || type === 'conference' || type === 'survey' ? type : undefined;
  if (field === 'box') return 'voicemail';
  const plain: readonly string[] = ['queue', 'flow', 'calendar', 'announcement', 'agent', 'rota'];
  return plain.includes(field) ? (field as ThingKind) : undefined;
}
