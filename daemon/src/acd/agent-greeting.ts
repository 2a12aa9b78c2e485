// What an agent and a caller are told before they hear each other.
import type { Greeting } from '../calls/index.js';
import type { Language, QueueAnnouncements } from '../contract/index.js';
import type { Sayer } from './wait-sounds.js';

/** Waited for by nobody when there is nothing to be said. `spoken`: the agent's language; `language`: the caller's */
export async function greetingFor(
  say: Sayer | undefined,
  { whisper, agentNumber }: QueueAnnouncements,
  { agentId, spoken, language }: { agentId: string; spoken: Language; language: Language },
): Promise<Greeting | undefined> {
  if (say === undefined || (whisper === null && !agentNumber)) return undefined;
  const none = (): string[] => [];
  const [agent, caller] = await Promise.all([
    whisper === null ? [] : say({ kind: 'prompt', name: whisper }, spoken).catch(none),
    agentNumber ? say({ kind: 'agent', agentId }, language).catch(none) : [],
  ]);
  return { agent, caller };
}
