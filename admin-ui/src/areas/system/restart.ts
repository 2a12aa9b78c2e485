import { box } from '@/api/box';
import { api, told } from '@/api/client';

/** Restarts the box and resolves when it answers again. Rejects when it does not within a minute. */
export async function restartBox(): Promise<void> {
  await told(api.POST('/api/v1/system/restart'));
  for (let tries = 0; tries < 60; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (await box.health().catch(() => undefined)) return;
  }
  await box.health();
}
