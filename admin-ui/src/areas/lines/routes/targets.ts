import type { RouteTarget } from '@cordboard/daemon/contract';
import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import { box } from '@/api/box';
import { api, told } from '@/api/client';
import { useAsking } from '@/composables/asking';
import { useReading } from '@/composables/reading';
import { useLive } from '@/stores/live';
import '../words';

interface Choice {
  value: string;
  text: string;
}

/** '*': the box asks the caller for the number of the room */
const ANY_ROOM = '*';

const named = ({ id, name }: { id: string; name: string }): Choice => ({ value: id, text: name });

/** All to which a route can lead and by which it can be limited, by name. */
export function useTargets() {
  const { t } = useI18n();
  const live = useLive();
  const ask = useAsking();

  const read = useReading(async () => {
    const [flows, queues, prompts, rooms, boxes, groups, phones, lists, calendars, trunks] = await Promise.all([
      ask('flows.view', () => told(api.GET('/api/v1/flows'))),
      ask(['queues.view', 'floor.view'], () => box.queues()),
      ask('prompts.view', () => told(api.GET('/api/v1/prompts'))),
      ask(['conferences.view', 'desk.use'], () => told(api.GET('/api/v1/conferences'))),
      ask(['messages.view', 'desk.use'], () => told(api.GET('/api/v1/voicemail/boxes'))),
      ask('stations.view', () => told(api.GET('/api/v1/ring-groups'))),
      ask(['stations.view', 'floor.view'], () => told(api.GET('/api/v1/stations/sip'))),
      ask('lists.view', () => told(api.GET('/api/v1/number-lists'))),
      ask('calendars.view', () => told(api.GET('/api/v1/calendars'))),
      ask('trunks.view', () => box.trunks()),
    ]);
    return {
      flow: flows.map(named),
      queue: queues.map(named),
      announcement: [...new Set(prompts.map(({ name }) => name))].map((name) => ({ value: name, text: name })),
      conference: rooms.map(named),
      voicemail: boxes.map(named),
      group: groups.map(({ number, name }) => ({ value: String(number), text: withNumber(name, number) })),
      sip: phones.map(({ number, name }) => ({ value: String(number), text: withNumber(name, number) })),
      list: lists.map(named),
      calendar: calendars.map(named),
      trunk: trunks.map(named),
    };
  });

  const stations = computed<Choice[]>(() => {
    const sip = read.value.value?.sip ?? [];
    const known = new Set(sip.map(({ value }) => value));
    const analog = [...live.stations.values()]
      .filter(({ station }) => !known.has(String(station)))
      .sort((a, b) => a.station - b.station)
      .map(({ station }) => ({ value: String(station), text: String(station) }));
    return [...analog, ...sip];
  });

  const of = (kind: 'list' | 'calendar' | 'trunk'): Choice[] => read.value.value?.[kind] ?? [];
  const calendars = computed(() => of('calendar').map(({ value, text }) => ({ id: value, name: text })));

  function choicesOf(kind: RouteTarget['kind']): Choice[] {
    const all = read.value.value;
    if (!all || kind === 'voicemailMenu' || kind === 'hangUp' || kind === 'busy') return [];
    if (kind === 'station') return stations.value;
    if (kind === 'conference') return [{ value: ANY_ROOM, text: t('lines.routes.anyRoom') }, ...all.conference];
    return all[kind];
  }

  const nameIn = (choices: readonly Choice[], value: string): string =>
    choices.find((choice) => choice.value === value)?.text ?? value;
  const nameOf = (kind: 'list' | 'calendar' | 'trunk', id: string): string => nameIn(of(kind), id);

  /** "Waits in the queue “Sales”" */
  function targetText(target: RouteTarget): string {
    return t(`lines.routes.goes.${target.kind}`, { name: nameIn(choicesOf(target.kind), keyOf(target)) });
  }

  return { ready: computed(() => read.value.value !== null), of, calendars, choicesOf, nameOf, targetText, stations };
}

const withNumber = (name: string, number: number): string =>
  name.includes(String(number)) ? name : `${number} ${name}`;

/** What of its kind a target names. */
export function keyOf(target: RouteTarget): string {
  switch (target.kind) {
    case 'flow':
      return target.flowId;
    case 'queue':
      return target.queueId;
    case 'station':
      return String(target.station);
    case 'group':
      return String(target.group);
    case 'announcement':
      return target.prompt;
    case 'voicemail':
      return target.box;
    case 'conference':
      return target.room;
    case 'hangUp':
      return String(target.cause);
    default:
      return '';
  }
}

export function targetOf(kind: RouteTarget['kind'], key: string): RouteTarget {
  switch (kind) {
    case 'flow':
      return { kind, flowId: key };
    case 'queue':
      return { kind, queueId: key };
    case 'station':
      return { kind, station: Number(key) };
    case 'group':
      return { kind, group: Number(key) };
    case 'announcement':
      return { kind, prompt: key };
    case 'voicemail':
      return { kind, box: key };
    case 'conference':
      return { kind, room: key };
    case 'hangUp':
      return { kind, cause: Number(key) };
    default:
      return { kind };
  }
}

/** Where in the body stands what a target names. */
export const TARGET_PATHS: Partial<Record<RouteTarget['kind'], string>> = {
  ...{ flow: 'flowId', queue: 'target.queueId', station: 'target.station', group: 'target.group' },
  ...{ announcement: 'target.prompt', voicemail: 'target.box', conference: 'target.room', hangUp: 'target.cause' },
};
