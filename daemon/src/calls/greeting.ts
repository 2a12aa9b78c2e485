// What is heard when an agent has lifted, before the two hear each other: the agent which queue it is, the caller who serves him.
import type { CallContext } from './call-context.js';
import type { Leg } from './leg.js';
import type { Greeting, LiveCall } from './live-call.js';
import { hush } from './sounds.js';

/** The two are connected then, whatever is still being said. */
const LONGEST_MS = 10_000;

/** Resolves when both have heard theirs; what cannot be played is left out. Never rejects. */
export async function greet(
  call: LiveCall,
  context: CallContext,
  leg: Leg,
  { agent, caller }: Greeting,
): Promise<void> {
  const { clock, playbacks } = context;
  const stops: (() => void)[] = [];
  const say = async (to: Leg, files: readonly string[]): Promise<void> => {
    if (files.length === 0) return;
    try {
      const playback = await playbacks.files(to.port, [...files]);
      stops.push(() => playback.stop());
      await playback.ended;
    } catch (error) {
      call.log.warn({ err: error, leg: to.leg }, 'nothing is said before the talk');
    }
  };
  if (caller.length > 0) hush(call.leg);
  let over = (): void => undefined;
  const limit = new Promise<void>((resolve) => (over = resolve));
  if (call.offer !== undefined) call.offer.endGreeting = over;
  const timer = clock.after(LONGEST_MS, over);
  call.signal.addEventListener('abort', over, { once: true });
  await Promise.race([Promise.all([say(leg, agent), say(call.leg, caller)]), limit]);
  timer.cancel();
  for (const stop of stops) stop();
}
