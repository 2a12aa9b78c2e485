// How what is said to those who wait becomes prompts: sentences with digits in between.
import type { Announcement, Sayer } from '../acd/index.js';
import type { PromptLibrary } from '../ivr/index.js';
import type { Log } from '../platform/index.js';

/** Prompts of a sentence; none: there is nothing to say. */
export function wordsOf(what: Announcement): string[] {
  switch (what.kind) {
    case 'prompt':
      return [what.name];
    case 'agent':
      return ['queue-agent', ...digits(what.agentId), 'queue-agent-serves'];
    case 'position':
      return what.position === 1 ? ['queue-next'] : ['queue-position', ...digits(String(what.position))];
    case 'estimate': {
      if (what.estimate.code === 'unknown') return [];
      // The time within which nine of ten are served: who is told less than he waits has been deceived.
      const minutes = Math.ceil(what.estimate.highMs / 60_000);
      return minutes <= 1 ? ['queue-wait-short'] : ['queue-wait', ...digits(String(minutes)), 'queue-minutes'];
    }
  }
}

function digits(text: string): string[] {
  return [...text].map((digit) => `digit-${digit}`);
}

/** A sentence of which a word is missing is not begun. */
export function queueSayer(prompts: Pick<PromptLibrary, 'findAll'>, log: Log): Sayer {
  return async (what, language) => {
    const { files, missing } = await prompts.findAll(wordsOf(what), language);
    if (missing.length === 0) return files;
    log.warn({ missing, language }, 'prompts for those who wait are missing');
    return [];
  };
}
