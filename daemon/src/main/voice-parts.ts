// Voicemail by telephone, put together: which numbers and codes lead to it, what it speaks with, and whom it calls.
import type { AgentBook, StationBook } from '../agents/index.js';
import {
  ServiceFlows,
  programFlow,
  serviceFlow,
  type CallControl,
  type CallOut,
  type PreparedFlow,
} from '../calls/index.js';
import type { Config } from '../config/index.js';
import { DEFAULT_ALLOWED_CLASSES, type Language, type LiveEvents } from '../contract/index.js';
import { join } from 'node:path';
import type { Db } from '../db/index.js';
import type { VoicePort } from '../http/index.js';
import { PhoneDesk, Talk, echoTest, type PromptLibrary } from '../ivr/index.js';
import type { DialPlan } from '../lines/index.js';
import type { MailService } from '../mail/index.js';
import {
  errorText,
  hashPin,
  pinFits,
  type Clock,
  type Log,
  type TypedEmitter,
  type Unsubscribe,
} from '../platform/index.js';
import { FlowRecordings, VoiceStore, type SealingKeys } from '../recording/index.js';
import { BoxBook, HeardFiles, Mailbox, MessageTaker, Notifier, type VoicemailService } from '../voicemail/index.js';
import { mailAlarms } from './alarm-mail.js';
import type { FlowParts } from './flow-parts.js';
import type { Routing } from './routing.js';

/** Whom the box calls of its own accord: nobody whom a telephone that nobody has restricted may not call. */
function outcall(number: string, language: Language, flow: PreparedFlow): CallOut {
  const as = { allowedClasses: DEFAULT_ALLOWED_CLASSES, callingNumber: '' };
  return { number, language, flow, from: { station: null, as }, callingNumber: '', callingName: '', ringMs: RING_MS };
}

export interface VoicePartsOptions {
  db: Db;
  config: Config;
  flows: FlowParts;
  prompts: PromptLibrary;
  routing: Routing;
  agents: AgentBook;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
}

/** What is there when there are calls. */
interface Joined {
  calls: CallControl;
  stations: StationBook;
  voicemail: VoicemailService;
  mail: MailService;
  keys: () => SealingKeys;
}

/** What join makes. */
interface Running extends Joined {
  notifier: Notifier;
  recordings: FlowRecordings;
  phones: PhoneDesk;
  alarms: Unsubscribe;
}

const RING_MS = 45_000;
/** How long a telephone may be off the hook still when somebody is to be called back from it. */
const HANG_UP_MS = 60_000;
/** of one that hears the busy tone before it is put down */
const LOOK_MS = 300;

export class VoiceParts {
  readonly programs: ServiceFlows;
  readonly boxes: BoxBook;
  readonly heard: HeardFiles;
  readonly talk: Talk;
  readonly #options: VoicePartsOptions;
  readonly #store: VoiceStore;
  #joined: Running | undefined;

  constructor(options: VoicePartsOptions) {
    const { db, config, flows, log } = options;
    this.#options = options;
    this.programs = new ServiceFlows(flows.book);
    this.boxes = new BoxBook({ db, log });
    this.talk = new Talk({ prompts: options.prompts, ports: flows.book.ports, clock: options.clock, log });
    this.heard = new HeardFiles(config.home);
    this.#store = new VoiceStore(join(config.home, 'flow-recordings'), () => this.#running().keys());
  }

  /** With what comes later; before calls do. */
  join(joined: Joined): void {
    const { db, flows, routing, live, config, clock, log } = this.#options;
    const { voicemail } = joined;
    const { boxes, heard, programs } = this;
    const { talk } = this;
    const mailbox = new Mailbox({
      ...{ voicemail, boxes, talk, heard, greetings: flows.store, clock, log },
      localTime: (at) => localTime(at, config.settings.timeZone),
      callBack: (station, number) => void this.#callBack(station, number),
    });
    const taker = new MessageTaker({
      ...{ voicemail, talk, clock },
      ids: () => boxes.ids(),
      listen: async (session, boxId) => void (await mailbox.withPin(session, boxId)),
    });
    const notifier = new Notifier({
      ...{ db, mailbox, talk, clock, log },
      isOpen: (calendarId, at) => routing.calendars.find(calendarId, at)?.state.open,
      callOut: (number, language, lead) => joined.calls.callOutToEnd(outcall(number, language, programFlow(lead))),
    });
    const recordings = new FlowRecordings({
      ...{ db, store: this.#store, clock, log },
      get keepDays() {
        return config.settings.flows.keepRecordingsDays;
      },
    });
    const phones = new PhoneDesk({
      ...{ db, talk, store: flows.store, pinFits, clock, log },
      freshFile: () => heard.fresh(),
      agentAt: (station) => this.#agentAt(station),
    });
    const { language, mail } = config.settings;
    const alarms = mailAlarms({ live, mail: joined.mail, to: () => mail.alarmsTo, language, clock, log });
    this.#joined = { ...joined, notifier, recordings, phones, alarms };
    programs.add('prompt', (session, code) => phones.record(session, code));
    programs.add('announcement', (session, number) => phones.announcement(session, number));
    programs.add('voicemail', (session, boxId) => taker.run(session, boxId));
    programs.add('mailbox', (session, number) => mailbox.enter(session, number === '' ? undefined : number));
    programs.add('echo-test', (session) => echoTest(session, { talk, freshFile: () => heard.fresh() }));
    programs.add('own-mailbox', (session) => mailbox.own(session, this.#agentAt(session.station)));
    Object.assign(flows.book.ports, {
      voicemail: taker,
      record: recordings,
      voicemailMenu: {
        open: mailbox.enter.bind(mailbox),
        withPin: mailbox.withPin.bind(mailbox),
        ids: () => boxes.ids(),
      },
    });
  }

  async start(): Promise<void> {
    await this.boxes.start();
    await this.heard.start();
  }

  /** When there are lines to call over. */
  async startCalling(): Promise<void> {
    await this.#running().recordings.start();
    this.#running().notifier.start();
  }

  port(): VoicePort {
    const { recordings } = this.#running();
    return {
      openFlowRecording: (id) => recordings.open(id),
      removeFlowRecording: (id) => recordings.remove(id),
      hashPin,
      promptTicket: ({ name, language, station }, by) => this.#promptTicket(name, language, station, by),
    };
  }

  /** Encrypted files that need the keys of the recordings. */
  sealedFiles(): Promise<string[]> {
    return this.#store.files();
  }

  newMessage(): void {
    this.#joined?.notifier.look();
  }

  stopCalling(): void {
    this.#joined?.notifier.stop();
    this.#joined?.recordings.stop();
    this.#joined?.alarms();
  }

  async stop(): Promise<void> {
    this.boxes.stop();
    await this.heard.stop();
  }

  /** The program that takes calls which nobody takes at a telephone. */
  answering(station: number): { flowId: string; language: Language } | undefined {
    const box = this.boxes.answering(station, this.#agentAt(station));
    return box === undefined ? undefined : { flowId: serviceFlow('voicemail', box.id), language: box.language };
  }

  /** The plan, and before it the codes that lead telephones into a program. */
  plan(plan: DialPlan): DialPlan {
    return {
      resolve: (number, from) => {
        const flowId = from.station === null ? undefined : programOf(number);
        if (flowId === undefined || from.station === null) return plan.resolve(number, from);
        return Promise.resolve({ kind: 'flow', flowId, language: this.#languageAt(from.station) });
      },
      mayContinue: (number, from) => plan.mayContinue(number, from),
      pickUp: (number, station) => plan.pickUp(number, station),
      originOf: (number) => plan.originOf(number),
      callerFrom: (number, trunk) => plan.callerFrom(number, trunk),
    };
  }

  /** With a telephone: it rings, and who lifts it speaks. */
  async #promptTicket(name: string, language: Language, station: number | undefined, by: string) {
    const { phones, calls } = this.#running();
    const ticket = phones.ticket(name, language, by);
    if (station === undefined) return ticket;
    const flow = programFlow((session) => phones.record(session, ticket.code));
    await new Promise<void>((resolve, reject) => {
      const number = String(station);
      calls.callOutToEnd(outcall(number, language, flow), () => resolve()).catch(reject);
    });
    return ticket;
  }

  #running(): Running {
    if (this.#joined === undefined) throw new Error('voicemail was asked before it was put together');
    return this.#joined;
  }

  #agentAt(station: number | null): string | null {
    return station === null ? null : (this.#options.agents.atStation(station)?.id ?? null);
  }

  #languageAt(station: number): Language {
    const { agents, config } = this.#options;
    return agents.atStation(station)?.language ?? config.settings.language;
  }

  /** Rings the telephone once it is put down. */
  async #callBack(station: number, number: string): Promise<void> {
    const { clock, log } = this.#options;
    const until = clock.monotonicMs() + HANG_UP_MS;
    for (;;) {
      const now = this.#joined?.stations.find(station);
      if (now === undefined || clock.monotonicMs() > until) return;
      if (!now.offHook && !now.busy && !now.ringing) break;
      await clock.sleep(LOOK_MS);
    }
    await this.#joined?.calls
      .originate(station, number)
      .catch((error: unknown) => log.warn({ err: error, station }, `nobody is called back: ${errorText(error)}`));
  }
}

function programOf(number: string): string | undefined {
  if (number === '*97') return serviceFlow('own-mailbox');
  if (number === '*43') return serviceFlow('echo-test');
  const [, code = '', argument = ''] = /^\*(98|90|91)([0-9]{1,20})$/.exec(number) ?? [];
  const program = { '98': 'mailbox', '90': 'prompt', '91': 'announcement' }[code];
  return program === undefined ? undefined : serviceFlow(program, argument);
}

/** `2026-11-22` and `18:30:00`, where the box stands. */
export function localTime(at: number, timeZone: string): { date: string; time: string } {
  const parts = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone, year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  }).formatToParts(at);
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? '00';
  return {
    date: `${of('year')}-${of('month')}-${of('day')}`,
    time: `${of('hour')}:${of('minute')}:${of('second')}`,
  };
}
