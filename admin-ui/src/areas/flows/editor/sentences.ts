// A node as people read it. Words come from the language, what stands in them from the node; the two are told apart so that a
// name is never taken for a word.
import { useI18n } from 'vue-i18n';
import { usePreferences } from '@/stores/preferences';
import type { DraftNode } from '../model/drawing';
import type { Prompts } from '../prompts/use-prompts';
import { thingKindOf, type Things } from './use-things';

export interface Piece {
  text: string;
  /** it is the flow's own, not ours */
  own: boolean;
}

const [OPEN, CLOSE] = ['\uE000', '\uE001'];
const MOST_SHOWN = 36;

const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
const asList = (value: unknown): string[] => (Array.isArray(value) ? value.map(asText) : []);
const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

export function useSentences(
  prompts: Prompts,
  things: Things,
): { pieces: (node: DraftNode) => Piece[]; sentence: (node: DraftNode) => string } {
  const { t, te } = useI18n();
  const preferences = usePreferences();

  const own = (text: string): string => {
    const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
    return shown === '' ? t('flowNodes.sentences.nothing') : OPEN + shown + CLOSE;
  };
  const quoted = (text: string): string =>
    text === '' ? own('') : preferences.language === 'en' ? `“${own(text)}”` : `“${own(text)}”`;
  const seconds = (value: unknown, fallback: number): string =>
    t('flowNodes.sentences.seconds', { count: (typeof value === 'number' ? value : fallback) / 1000 });
  const sounds = (value: unknown): string => {
    const names = asList(value);
    return names.length === 0
      ? own('')
      : names.map((name) => quoted(prompts.label(name))).join(t('flowNodes.sentences.and'));
  };
  const thing = (type: string, field: string, value: unknown): string => {
    const kind = thingKindOf(type, field);
    const id = asText(value);
    return quoted(kind === undefined || id === '' ? id : things.nameOf(kind, id));
  };
  const number = (value: unknown, fallback: number): number => (typeof value === 'number' ? value : fallback);

  function raw(node: DraftNode): string {
    const say = (key: string, named: Record<string, unknown> = {}): string => t(`flowNodes.sentences.${key}`, named);
    const { type } = node;
    switch (type) {
      case 'play':
        return say('play', { prompts: sounds(node.prompts) });
      case 'speak': {
        const texts = asObject(node.texts);
        return say('speak', { text: quoted(asText(texts[preferences.language] ?? texts.en ?? texts['zh-CN'])) });
      }
      case 'say':
        return say('say', {
          value: own(asText(node.value)),
          as: t(`flowNodes.values.as.${asText(node.as) || 'number'}`),
        });
      case 'announce':
        return say('announce', { announcement: thing(type, 'announcement', node.announcement) });
      case 'language':
        return say('language', { language: t(`flowNodes.values.language.${asText(node.language) || 'en'}`) });
      case 'menu':
        return say('menu', {
          prompts: sounds(node.prompts),
          wait: seconds(node.timeoutMs, 5000),
          times: number(node.retries, 2) + 1,
        });
      case 'collect': {
        const [least, most] = [number(node.minDigits, 1), number(node.maxDigits, 1)];
        const digits = least === most ? String(most) : `${least}–${most}`;
        const times = number(node.retries, 1) + 1;
        return say('collect', { prompts: sounds(node.prompts), digits, variable: own(asText(node.variable)), times });
      }
      case 'member': {
        const what = say(node.pin === undefined ? 'memberNumber' : 'memberPin');
        return say('member', { what, times: number(node.tries, 3) });
      }
      case 'record':
        return say('record', { prompts: sounds(node.prompts), wait: seconds(node.maxMs, 120_000) });
      case 'branch':
        return say('branch', { count: Array.isArray(node.cases) ? node.cases.length : 0 });
      case 'set': {
        const rows = Array.isArray(node.assign) ? node.assign.map(asObject) : [];
        const list = rows.map(({ variable, value }) => `${own(asText(variable))} = ${own(asText(value))}`).join('; ');
        return say('set', { list: list === '' ? own('') : list });
      }
      case 'schedule':
        return say('schedule', { calendar: thing(type, 'calendar', node.calendar) });
      case 'http':
        return say('http', { url: own(asText(node.url)), wait: seconds(node.timeoutMs, 5000) });
      case 'sql':
        return say('sql', { source: quoted(asText(node.source)), wait: seconds(node.timeoutMs, 5000) });
      case 'queue':
        return say('queue', { queue: thing(type, 'queue', node.queue) });
      case 'transfer': {
        const to = asObject(node.to);
        const kind = asText(to.kind) || 'number';
        const shown =
          kind === 'number'
            ? own(asText(to.number))
            : thing(type, kind === 'agent' ? 'agent' : 'rota', to[kind === 'agent' ? 'agent' : 'rota']);
        return say(kind, { to: shown, wait: seconds(node.ringTimeoutMs, 30_000) });
      }
      case 'voicemail':
      case 'conference':
      case 'survey':
      case 'faxReceive':
      case 'faxSend':
        return say(type, { to: thing(type, 'to', node.to) });
      case 'voicemailMenu':
        return say(type, { box: node.box === undefined ? say('anyBox') : thing(type, 'box', node.box) });
      case 'subflow':
        return say('subflow', { flow: thing(type, 'flow', node.flow) });
      case 'return':
        return say('return');
      case 'recording':
        return say(`recording.${asText(node.action) || 'start'}`);
      case 'hangup': {
        const cause = number(node.cause, 16);
        const key = `calls.cause.${cause}`;
        return say('hangup', { cause: te(key) ? t(key) : t('calls.cause.other', { cause }) });
      }
      default:
        return t('flowNodes.kinds.unknown');
    }
  }

  function pieces(node: DraftNode): Piece[] {
    return raw(node)
      .split(/([\uE000][^\uE001]*[\uE001])/)
      .filter((one) => one !== '')
      .map((one) => (one.startsWith(OPEN) ? { text: one.slice(1, -1), own: true } : { text: one, own: false }));
  }

  return {
    pieces,
    sentence: (node) =>
      pieces(node)
        .map(({ text }) => text)
        .join(''),
  };
}
