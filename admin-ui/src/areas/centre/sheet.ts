import type { SkillCell } from '@cordboard/daemon/contract';
import { computed, reactive } from 'vue';

/** Cells that were changed and not yet saved, over what the box has. */
export function useSheet(saved: (agentId: string, skill: string) => number | null) {
  /** text as typed, by agent and skill */
  const typed = reactive(new Map<string, string>());
  const keyOf = (agentId: string, skill: string): string => `${agentId} ${skill}`;
  const isLevel = (text: string): boolean =>
    text === '' || (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 10);

  function textOf(agentId: string, skill: string): string {
    return typed.get(keyOf(agentId, skill)) ?? String(saved(agentId, skill) ?? '');
  }

  function levelOf(agentId: string, skill: string): number | null {
    const text = textOf(agentId, skill);
    return text === '' || !isLevel(text) ? null : Number(text);
  }

  function set(agentId: string, skill: string, text: string): void {
    const clean = text.trim();
    if (clean === String(saved(agentId, skill) ?? '')) typed.delete(keyOf(agentId, skill));
    else typed.set(keyOf(agentId, skill), clean);
  }

  function markOf(agentId: string, skill: string): 'wrong' | 'changed' | '' {
    const text = typed.get(keyOf(agentId, skill));
    if (text === undefined) return '';
    return isLevel(text) ? 'changed' : 'wrong';
  }

  const cells = (): SkillCell[] =>
    [...typed].map(([key, text]) => {
      const [agentId = '', skill = ''] = key.split(' ');
      return { agentId, skill, level: text === '' ? null : Number(text) };
    });

  return {
    ...{ textOf, levelOf, set, markOf, cells, clear: () => typed.clear() },
    count: computed(() => typed.size),
    wrong: computed(() => [...typed.values()].some((text) => !isLevel(text))),
  };
}
