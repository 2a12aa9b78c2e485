// Music: the bundled playlists, and the box's own.
import { join } from 'node:path';
import { ensureHoldMusic } from '../acd/index.js';
import type { Config } from '../config/index.js';
import type { Db } from '../db/index.js';
import { MusicStore, type PromptLibrary } from '../ivr/index.js';
import type { Clock, Log } from '../platform/index.js';

/** Of Debian's asterisk-moh-opsound-wav: five pieces, CC BY-SA, 8 kHz */
const OPSOUND = '/usr/share/asterisk/moh';

export interface MusicPartsOptions {
  config: Config;
  db: Db;
  prompts: PromptLibrary;
  clock: Clock;
  log: Log;
}

export interface MusicParts {
  readonly store: MusicStore;
  /** Makes what is computed. */
  start(): Promise<void>;
  /** what those hear who are on hold */
  hold(): Promise<string[] | undefined>;
  /** what those hear who wait in a queue; `chosen`: a playlist, else a prompt */
  queue(chosen: string | null): Promise<string[] | undefined>;
}

export function makeMusicParts({ config, db, prompts, clock, log }: MusicPartsOptions): MusicParts {
  const { home, settings } = config;
  const own = join(home, 'cache', 'music');
  const store = new MusicStore({
    folder: join(home, 'music'),
    bundled: [
      { id: 'cordboard', name: 'Cordboard', folder: own, shuffle: false },
      { id: 'opsound', name: 'Opsound', folder: OPSOUND, shuffle: true },
    ],
    get standard() {
      return settings.music.standard;
    },
    usedBy: async (id) => (await db.queues.list()).find(({ music }) => music === id)?.id,
    ...{ clock, log },
  });
  const standard = async (): Promise<string[] | undefined> =>
    (await store.listen(null)) ?? (await store.listen('cordboard'));
  return {
    store,
    start: () => ensureHoldMusic(join(own, 'cordboard.wav')),
    hold: standard,
    async queue(chosen) {
      if (chosen === null) return standard();
      const files = await store.listen(chosen);
      if (files !== undefined) return files;
      const prompt = await prompts.find(chosen, settings.language);
      if (prompt !== undefined) return [prompt];
      log.warn({ music: chosen }, 'there is no such music; the usual one is heard');
      return standard();
    },
  };
}
