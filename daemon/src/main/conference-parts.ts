// Conference rooms, joined with flows and recording.
import { join } from 'node:path';
import type { AgentBook } from '../agents/index.js';
import type { CallControl, CallRecorder } from '../calls/index.js';
import { ConferenceService, roomPatch, roomRow, shownRoom } from '../conference/index.js';
import type { Config } from '../config/index.js';
import type { LiveEvents } from '../contract/index.js';
import type { Db } from '../db/index.js';
import type { EngineClient } from '../engine/index.js';
import type { ConferencesPort } from '../http/index.js';
import { numberFiles, type PromptLibrary } from '../ivr/index.js';
import type { Lines } from '../lines/index.js';
import type { Clock, Log, TypedEmitter } from '../platform/index.js';
import type { FlowParts } from './flow-parts.js';
import type { Routing } from './routing.js';

export interface ConferencePartsOptions {
  config: Config;
  engine: EngineClient;
  lines: Lines;
  calls: CallControl;
  recorder: CallRecorder;
  db: Db;
  agents: AgentBook;
  routing: Routing;
  flows: FlowParts;
  prompts: PromptLibrary;
  music: () => Promise<string[] | undefined>;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
}

export function makeConferences(options: ConferencePartsOptions): ConferenceService {
  const { config, agents, routing, flows, prompts } = options;
  const conferences = new ConferenceService({
    ...options,
    cacheFolder: join(config.home, 'cache'),
    prompts: {
      findAll: (names, language) => prompts.findAll(names, language),
      number: (value, language) => numberFiles(value, language, prompts),
    },
    // undefined: there is no such calendar.
    isOpen: (calendarId, at) => routing.calendars.find(calendarId, at)?.state.open,
    agentAt: (station) => agents.atStation(station)?.id ?? null,
  });
  Object.assign(flows.book.ports, { conference: conferences });
  return conferences;
}

export function conferencesPort(conferences: ConferenceService): ConferencesPort {
  const { book } = conferences;
  return {
    rooms: () => book.list().map(shownRoom),
    room: (id) => shownRoom(book.get(id)),
    applied: () => book.applied(),
    ...{ roomRow, roomPatch },
    mustBeEmpty: (id) => conferences.mustBeEmpty(id),
    live: () => conferences.live(),
    status: (id) => conferences.status(id),
    act: (id, action, by) => conferences.act(id, action, by),
    actOnParty: (id, party, action, by) => conferences.actOnParty(id, party, action, by),
    invite: (id, invitation, from) => conferences.invite(id, invitation, from),
    addCall: (id, callId, station, joins, by) => conferences.addCall(id, callId, station, joins, by),
    recordings: (id) => conferences.recordings(id),
  };
}
