// What the services are to the pages.
import { hostname } from 'node:os';
import type { AgentBook, StationBook, StationState } from '../agents/index.js';
import type { Distributor, QueueBook } from '../acd/index.js';
import type { CallControl } from '../calls/index.js';
import type { LiveEvents, LiveSnapshot, Station } from '../contract/index.js';
import type { Db } from '../db/index.js';
import type { EngineClient } from '../engine/index.js';
import type { Exchange } from '../exchange/index.js';
import type { Ports } from '../http/index.js';
import type { RecordingArchive, RecordingService } from '../recording/index.js';
import type { FlowBook, FlowDesk, MusicStore, PromptStore } from '../ivr/index.js';
import type { CallbackService } from '../callback/index.js';
import type { MailService } from '../mail/index.js';
import { AppError, type Clock, type TypedEmitter } from '../platform/index.js';
import type { PhoneDesk } from '../phones/index.js';
import type { SipService } from '../sip/index.js';
import type { ConferenceService } from '../conference/index.js';
import type { VoicemailService } from '../voicemail/index.js';
import { caseInfos, type DiagnosticsService } from '../diagnostics/index.js';
import type { SurveyService } from '../surveys/index.js';
import type { ReportService } from '../reports/index.js';
import { reportsPort } from './report-parts.js';
import { surveysPort } from './survey-parts.js';
import type { TrunkBook } from '../trunks/index.js';
import { callbacksPort } from './callback-parts.js';
import { conferencesPort } from './conference-parts.js';
import type { AlertParts } from './alert-parts.js';
import type { BoxParts } from './box-parts.js';
import type { DeskParts } from './desk-parts.js';
import type { Routing } from './routing.js';
import type { TrunkTests } from './trunk-tests.js';
import type { VoiceParts } from './voice-parts.js';

export interface Services {
  db: Db;
  engine: EngineClient;
  trunks: TrunkBook;
  stations: StationBook;
  agents: AgentBook;
  calls: CallControl;
  queues: QueueBook;
  distributor: Distributor;
  flows: FlowBook;
  flowDesk: FlowDesk;
  promptStore: PromptStore;
  music: MusicStore;
  exchange: Exchange;
  recordings: RecordingService;
  archive: RecordingArchive;
  mail: MailService;
  voicemail: VoicemailService;
  callbacks: CallbackService;
  surveys: SurveyService;
  reports: ReportService;
  conferences: ConferenceService;
  voice: VoiceParts;
  /** undefined: SIP is switched off */
  sip: SipService | undefined;
  deskPhones: PhoneDesk;
  alerts: AlertParts;
  trunkTests: TrunkTests;
  diagnostics: DiagnosticsService;
  live: TypedEmitter<LiveEvents>;
  routing: Routing;
  desk: DeskParts;
  box: BoxParts;
}

/** A telephone with the agent who is signed in at it. */
export function stationDto(state: StationState, agents: AgentBook): Station {
  const agent = agents.atStation(state.station);
  return { ...state, agentId: agent?.id ?? null, callId: agent?.callId ?? null };
}

export function stationList({ stations, agents }: Pick<Services, 'stations' | 'agents'>): Station[] {
  return stations.list().map((state) => stationDto(state, agents));
}

export function httpPorts(services: Services): Ports {
  const { engine, trunks, agents, calls, queues, distributor, flowDesk, promptStore, exchange } = services;
  const { recordings, archive, mail, voicemail, sip, live } = services;
  return {
    box: services.box.port,
    boards: services.box.boards,
    updates: services.box.updates,
    network: services.box.network,
    calls: {
      live: () => calls.live(),
      find: (id) => calls.find(id),
      stored: (id) => calls.stored(id),
      act: (id, station, action) => calls.act(id, station, action),
      originate: (station, number, shown) => services.desk.service.originate(station, number, shown),
      takeParkedAt: (id, station) => calls.takeParkedAt(id, station),
      pickUpAt: (station, from) => calls.pickUpAt(station, from),
      supervise: (id, action, by) => calls.supervise(id, action, by),
      record: (id, action, by) => calls.record(id, action, by),
      recordingOf: (id) => calls.recordingOf(id),
    },
    agents,
    lineQualities: () => sip?.lineQualities() ?? [],
    queues: { list: () => queues.list(), waiting: (id, language) => distributor.waiting(id, language) },
    desk: services.desk.port,
    flows: flowDesk,
    prompts: promptStore,
    music: services.music,
    exchange,
    live,
    routing: services.routing.port(),
    recordings: archive,
    voicemail,
    callbacks: callbacksPort(services.callbacks, services.routing),
    surveys: surveysPort(services.surveys),
    reports: reportsPort(services.reports, services.db),
    conferences: conferencesPort(services.conferences),
    voice: services.voice.port(),
    mail: {
      async test(to, language, by) {
        if (!mail.ready) throw new AppError('mail_not_set_up');
        return mail.send({ to, language, text: 'test', values: { box: hostname(), by } });
      },
      retry: (id) => mail.retry(id),
    },
    webPhones: {
      available: () => sip?.takesBrowsers === true,
      has: (station) => sip?.lines.stations().some((line) => line.station === station) === true,
      grant: (request) => {
        if (sip === undefined) throw new AppError('web_phone_off');
        return sip.pages.grant(request);
      },
      opens: (ticket) => sip?.pages.opens(ticket) === true,
      open: (ticket, link, addresses) => sip?.pages.open(ticket, link, addresses),
    },
    sip: {
      listening: () => sip?.ports,
      applied: async () => sip?.applied(),
      trunks: () => sip?.trunks ?? [],
    },
    phones: services.deskPhones,
    alerts: services.alerts,
    trunkTests: services.trunkTests,
    diagnostics: diagnosticsPort(services.diagnostics),
    engine: {
      spans: () => Promise.resolve(trunks.list()),
      block: (span, timeslot, blocked) => trunks.block(span, timeslot, blocked),
      lines: () => trunks.lines.list(),
      blockLine: (line, blocked) => trunks.lines.block(line, blocked),
      meter: (span, timeslot) => trunks.meter(span, timeslot),
      stations: () => Promise.resolve(stationList(services)),
      statistics: async () => {
        const { tick, counters } = await engine.command('engine.snapshot', {});
        return { tick, counters };
      },
      recordingDisk: () => ({ state: recordings.disk.state, detail: recordings.disk.detail }),
      dump: async () => {
        const { text } = await engine.command('engine.dump', {});
        return [text.trimEnd(), calls.dump(), ''].filter((part) => part !== '').join('\n');
      },
    },
  };
}

function diagnosticsPort(service: DiagnosticsService): Ports['diagnostics'] {
  return {
    cases: caseInfos,
    inventory: () => service.inventory(),
    alarms: () => service.alarms(),
    begin: (rig) => service.begin(rig),
    run: () => service.run(),
    continue: (step, done) => service.continue(step, done),
    cancel: () => service.cancel(),
    reports: () => service.reports(),
    file: (id, format, language) => service.file(id, format, language),
    verify: (text) => service.verify(text),
  };
}

/** Everything there is now, for a page that opens. */
export function liveSnapshot(services: Services, clock: Clock): LiveSnapshot {
  const { calls, agents, queues, trunks } = services;
  return {
    at: clock.wallMs(),
    calls: calls.live(),
    agents: agents.list(),
    colleagues: [],
    queues: queues.list(),
    spans: trunks.list(),
    stations: stationList(services),
    conferences: services.conferences.live(),
    lineQualities: services.sip?.lineQualities() ?? [],
  };
}
