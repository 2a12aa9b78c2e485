// What nodes need of other services. A port that is absent makes validation refuse the nodes that need it; a service that comes is
// handed in where the box is put together, and nothing here changes.
import type { FlowSession, NotReached } from '../calls/flow-session.js';
import type { JsonObject, JsonValue, Language } from '../contract/index.js';

export interface CalendarsPort {
  /** Resolves when every change that was committed before is in force. */
  applied?(): Promise<void>;
  ids(): ReadonlySet<string>;
  /** Rejects or throws when there is no such calendar. */
  isOpen(calendarId: string, at: number): CalendarAnswer | Promise<CalendarAnswer>;
}
export interface CalendarAnswer {
  open: boolean;
  /** which rule said so */
  reason: string;
  /** when that changes, ms UTC; null: nobody knows */
  until: number | null;
}

export type TransferTarget =
  | { kind: 'number'; number: string }
  | { kind: 'agent'; agent: string }
  /** whoever is on duty by this rota */
  | { kind: 'duty'; rota: string };
/** over: the number has led to another flow, or a queue, and that is through */
export type TransferOutcome = NotReached;
export interface TransferOptions {
  ringTimeoutMs: number;
  /** they talk; who: for the trace */
  reached?: ((who: string) => void) | undefined;
}
export interface TransferPort {
  agents(): ReadonlySet<string>;
  /** undefined: there are no rotas here, and nodes that name one are refused */
  rotas?(): ReadonlySet<string>;
  /** Resolves when nobody was reached and the caller is back; rejects with the signal's reason when his call has ended. */
  transfer(session: FlowSession, target: TransferTarget, options: TransferOptions): Promise<TransferOutcome>;
}

/** What a service that keeps the caller for a while came to; the node is left by it. */
export type ServiceOutcome = 'done' | 'refused' | 'full' | 'failed';
/** One that is named by an id: a voicemail box, a conference room, a survey, a fax box or document. */
export interface CallerService {
  ids(): ReadonlySet<string>;
  /** Rejects with the signal's reason when the call has ended. */
  run(session: FlowSession, id: string, options: JsonObject): Promise<{ outcome: ServiceOutcome; values?: JsonObject }>;
}

/** Listening to voice messages, with the PIN of the box. */
export interface MailboxPort {
  ids(): ReadonlySet<string>;
  /** Asks which box. Resolves with whether he was let in; rejects with the signal's reason when the call has ended. */
  open(session: FlowSession): Promise<boolean>;
  withPin(session: FlowSession, boxId: string): Promise<boolean>;
}

export interface RecordPort {
  /** Records the caller until he presses a key, falls silent, or the time is over; the name of the file that it became. */
  record(
    session: FlowSession,
    options: { maxMs: number; silenceMs: number; terminator: string },
    at: { flow: string; node: string },
  ): Promise<{ file: string; durationMs: number }>;
}

export interface SpeakerPort {
  /** A file with the text spoken. Rejects when it cannot be. */
  speak(text: string, language: Language): Promise<string>;
}

export interface HttpLookupRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  /** JSON */
  body: string | undefined;
  timeoutMs: number;
  signal: AbortSignal;
}
export interface HttpLookupPort {
  /** The status and the body as JSON (text when it is none). Rejects with a LookupError. */
  request(request: HttpLookupRequest): Promise<{ status: number; body: JsonValue }>;
}

export interface SqlLookupPort {
  ids(): ReadonlySet<string>;
  /** Rows as plain data, bounded. Rejects with a LookupError. */
  query(
    source: string,
    sql: string,
    parameters: JsonObject,
    limits: { timeoutMs: number; maxRows: number },
  ): Promise<JsonObject[]>;
}

export interface AnnouncementsPort {
  ids(): ReadonlySet<string>;
  /** its prompts while it is on; undefined: it is off */
  playing(id: string): readonly string[] | undefined;
}

/** Those that may be absent, by the name that a node asks for them with. */
export interface FlowPorts {
  calendars?: CalendarsPort | undefined;
  transfer?: TransferPort | undefined;
  voicemail?: CallerService | undefined;
  /** by the id of the queue */
  callback?: CallerService | undefined;
  voicemailMenu?: MailboxPort | undefined;
  conference?: CallerService | undefined;
  survey?: CallerService | undefined;
  faxReceive?: CallerService | undefined;
  faxSend?: CallerService | undefined;
  record?: RecordPort | undefined;
  speaker?: SpeakerPort | undefined;
  http?: HttpLookupPort | undefined;
  sql?: SqlLookupPort | undefined;
  announcements?: AnnouncementsPort | undefined;
}
export type PortName = keyof FlowPorts;

/** A look-up that came to nothing, for a reason that the trace may tell. */
export class LookupError extends Error {
  constructor(
    readonly code: 'refused' | 'timeout' | 'unreachable' | 'status' | 'tooLarge' | 'invalid',
    message: string,
  ) {
    super(message);
    this.name = 'LookupError';
  }
}
