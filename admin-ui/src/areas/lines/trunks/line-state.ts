import type { AnalogLine } from '@cordboard/daemon/contract';
import type { Mark } from '@/components/StateMark.vue';

export type LineWord = 'idle' | 'in' | 'out' | 'blocked' | 'dead' | 'noDialTone' | 'congestion';

export const lineMarks: Record<LineWord, Mark> = {
  ...{ idle: 'ready', in: 'talking', out: 'talking', blocked: 'notReady' },
  ...{ dead: 'fault', noDialTone: 'ringing', congestion: 'ringing' },
};

/** What matters most about a line. */
export function lineWord({ voltage, state, blocked, fault }: AnalogLine): LineWord {
  if (!voltage) return 'dead';
  if (state !== 'idle') return state;
  return blocked ? 'blocked' : (fault ?? 'idle');
}

/** There is something to be done about it. */
export const needsAdvice = (word: LineWord): boolean => ['dead', 'noDialTone', 'congestion'].includes(word);

/** A line that nobody has named is called by its number, in the language of the page. */
export const lineName = (name: string, t: (key: string, named: Record<string, unknown>) => string): string => {
  const number = /^Line (\d+)$/.exec(name)?.[1];
  return number === undefined ? name : t('lines.trunks.lines.named', { n: number });
};
