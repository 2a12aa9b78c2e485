// What a new flow may begin with. Prompts are bundled ones; queues, calendars and data sources are for the person to choose.
import type { DraftNode } from './drawing';

export const TEMPLATES = ['menu', 'hours', 'account', 'empty'] as const;
export type Template = (typeof TEMPLATES)[number];

export interface Begin {
  start: string;
  nodes: Record<string, DraftNode>;
}

const hangup: DraftNode = { type: 'hangup' };
const goodbye: DraftNode = { type: 'play', prompts: ['goodbye'], next: 'hangup1' };
const noAgent: DraftNode = { type: 'play', prompts: ['no-agent'], next: 'hangup1' };

/** `queues`: ids that are there, in their order; where there are fewer, the place is left open. */
export function begin(template: Template, queues: readonly string[], calendar: string | undefined): Begin {
  const queue = (at: number): DraftNode => ({ type: 'queue', queue: queues[at] ?? queues[0] ?? '', overflow: 'play2' });
  if (template === 'menu')
    return {
      start: 'play1',
      nodes: {
        play1: { type: 'play', prompts: ['welcome'], next: 'menu1' },
        menu1: {
          ...{ type: 'menu', prompts: ['main-menu'], invalidPrompts: ['invalid-choice'] },
          ...{ choices: { 1: 'queue1', 2: 'queue2' }, timeout: 'play3', invalid: 'play3' },
        },
        queue1: queue(0),
        queue2: queue(1),
        play2: noAgent,
        play3: goodbye,
        hangup1: hangup,
      },
    };
  if (template === 'hours')
    return {
      start: 'schedule1',
      nodes: {
        schedule1: { type: 'schedule', calendar: calendar ?? '', open: 'play1', closed: 'play3' },
        play1: { type: 'play', prompts: ['welcome'], next: 'queue1' },
        queue1: queue(0),
        play2: noAgent,
        play3: goodbye,
        hangup1: hangup,
      },
    };
  if (template === 'account')
    return {
      start: 'collect1',
      nodes: {
        collect1: {
          ...{ type: 'collect', prompts: ['enter-number'], variable: 'account', minDigits: 4, maxDigits: 12 },
          ...{ next: 'http1', timeout: 'play3' },
        },
        http1: {
          ...{ type: 'http', url: 'https://', query: { account: '{account}' }, results: { balance: '$.balance' } },
          ...{ next: 'say1', refused: 'play2', timeout: 'play2', error: 'play2' },
        },
        say1: { type: 'say', as: 'money', value: 'number(balance)', next: 'play3' },
        play2: noAgent,
        play3: goodbye,
        hangup1: hangup,
      },
    };
  return { start: '', nodes: {} };
}
