// The time of a talk is measured in ticks of the media: on a machine that is busy they come late, and what is said with them.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Box } from '../../daemon/src/main.js';

const TICK_MS = 20;

/** Resolves when so much has been said. */
export async function talkFor(box: Box, durationMs: number): Promise<void> {
  const ticks = async (): Promise<number> => (await box.engine.command('engine.snapshot', {})).tick.ticks;
  const end = (await ticks()) + durationMs / TICK_MS;
  for (let left = end - (await ticks()); left > 0; left = end - (await ticks())) await sleep(left * TICK_MS);
}
