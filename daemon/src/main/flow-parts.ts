// What flows need, put together: the book of those in force, the desk of those who draw them, and the services that nodes ask.
import { join, resolve } from 'node:path';
import type { FlowStep } from '../contract/index.js';
import type { Config } from '../config/index.js';
import { DataSources, type DataSource, type Db } from '../db/index.js';
import {
  AnnouncementBook,
  FlowBook,
  FlowDesk,
  HttpLookup,
  PromptStore,
  Speaker,
  SqlLookup,
  type PromptLibrary,
} from '../ivr/index.js';
import { AddressGuard, type Clock, type Log } from '../platform/index.js';

export interface FlowParts {
  readonly book: FlowBook;
  readonly desk: FlowDesk;
  readonly store: PromptStore;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface FlowPartsOptions {
  db: Db;
  prompts: PromptLibrary;
  /** where the bundled prompts are */
  bundledPrompts: string;
  config: Config;
  /** who watches callers pass */
  watch?: ((step: FlowStep) => void) | undefined;
  clock: Clock;
  log: Log;
}

export function makeFlowParts({ db, prompts, bundledPrompts, config, watch, clock, log }: FlowPartsOptions): FlowParts {
  const { home, promptsFolder, settings } = config;
  const { allowedNetworks, dataSources } = settings.flows;
  const speaker = new Speaker({ folder: join(home, 'cache', 'speech'), log });
  const announcements = new AnnouncementBook({ db, clock, log });
  const placed = Object.entries(dataSources).map(([name, source]): [string, DataSource] => [
    name,
    source.kind === 'sqlite' ? { ...source, file: resolve(home, source.file) } : source,
  ]);
  const sources = new DataSources({ sources: Object.fromEntries(placed), clock, log });
  const ports = {
    speaker,
    announcements,
    http: new HttpLookup(new AddressGuard(allowedNetworks)),
    sql: new SqlLookup(sources),
  };
  const book = new FlowBook({ db, prompts, ports, watch, clock, log });
  const desk = new FlowDesk({ book, db, clock });
  const store = new PromptStore({
    ...{ folder: promptsFolder, bundled: bundledPrompts, library: prompts, speaker, clock, log },
  });
  return {
    ...{ book, desk, store },
    async start() {
      await announcements.start();
      await book.start();
    },
    async stop() {
      book.stop();
      announcements.stop();
      await sources.close();
    },
  };
}
