// What travels over socket.io. Path /socket.io; the token of POST /session goes into auth.token.
import { z } from 'zod';
import type { Callback } from './callbacks.js';
import type { Calendar } from './calendars.js';
import { Agent } from './agents.js';
import type { DialRefused } from './desk.js';
import type { AgentMessage, MissedCallDone } from './desk-work.js';
import { Colleague, type ColleaguesChanged } from './directory.js';
import { LineQuality, type AgentLine } from './line-quality.js';
import type { Segment } from './calls.js';
import { Call } from './calls.js';
import type { FlowStep } from './flow-live.js';
import { Span, Station, type AnalogLine, type CallMetered, type CallTariffs } from './hardware.js';
import { TimeMs, Ulid } from './primitives.js';
import type { SipTrunkStatus } from './sip-live.js';
import type { SurveyAnswered } from './surveys.js';
import { ConferenceStatus } from './conferences.js';
import type { VoicemailCounts } from './voicemail.js';
import { QueueStatus } from './queues.js';
import type { RecordingAlarm, RecordingCondition } from './recordings.js';

/** All that the one who asks may see; replaces what he knew. */
export const LiveSnapshot = z.strictObject({
  at: TimeMs,
  calls: z.array(Call),
  agents: z.array(Agent),
  /** of one who hears nothing more of the others */
  colleagues: z.array(Colleague),
  queues: z.array(QueueStatus),
  spans: z.array(Span),
  stations: z.array(Station),
  conferences: z.array(ConferenceStatus),
  /** of agents who talk over IP */
  lineQualities: z.array(LineQuality),
});
export type LiveSnapshot = z.infer<typeof LiveSnapshot>;

export const CallRemoved = z.strictObject({ id: Ulid });
export type CallRemoved = z.infer<typeof CallRemoved>;

export const SessionEnded = z.strictObject({ reason: z.enum(['signedOut', 'expired', 'changed', 'stopping']) });
export type SessionEnded = z.infer<typeof SessionEnded>;

export const RoutingChanged = z.strictObject({
  kind: z.enum(['route', 'outboundRoute', 'calendar', 'dutyGroup', 'numberList', 'dialRight']),
  id: z.string(),
  removed: z.boolean(),
});
export type RoutingChanged = z.infer<typeof RoutingChanged>;

/** What call control, agents and acd publish; realtime/ decides who hears it. */
export interface LiveEvents {
  'call.updated': Call;
  'call.removed': CallRemoved;
  'call.segment': Segment;
  /** the exchange tells what a call out costs */
  'call.metered': CallMetered;
  'call.tariffs': CallTariffs;
  'agent.updated': Agent;
  /** how his line sounds while he talks over IP */
  'agent.line': AgentLine;
  /** for those who do not hear of each agent */
  'colleagues.changed': ColleaguesChanged;
  'queue.updated': QueueStatus;
  'span.updated': Span;
  /** an exchange line on an FXO port */
  'line.updated': AnalogLine;
  'station.updated': Station;
  /** it was changed, or it opens or closes */
  'calendar.updated': Calendar;
  /** something that decides on the way of calls was changed */
  'routing.changed': RoutingChanged;
  /** a caller goes through a flow */
  'flow.step': FlowStep;
  'recording.updated': RecordingCondition;
  'voicemail.updated': VoicemailCounts;
  'callback.updated': Callback;
  'survey.answered': SurveyAnswered;
  /** one with nobody in it is over */
  'conference.updated': ConferenceStatus;
  /** a SIP trunk has come up, gone down, or is refused */
  'trunk.updated': SipTrunkStatus;
  'recording.alarm': RecordingAlarm & { active: boolean };
  'agent.message': AgentMessage;
  /** told to the agent and to who wrote it */
  'agent.messageRead': AgentMessage;
  'missed.updated': MissedCallDone;
  'dial.refused': DialRefused;
}

/**
 * Every event carries a number that grows by one with each event to this socket; a snapshot carries that of the last event that it
 * contains. Whoever finds a number left out has missed something and asks for a snapshot (`LiveSequence`).
 */
export type ServerToClientEvents = {
  [E in keyof LiveEvents]: (data: LiveEvents[E], seq: number) => void;
} & {
  snapshot: (snapshot: LiveSnapshot, seq: number) => void;
  'session.ended': (ended: SessionEnded) => void;
};

export interface ClientToServerEvents {
  /** Asks for a new snapshot. */
  sync: () => void;
}
