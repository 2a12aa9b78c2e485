// Who is asked, when, and what becomes of what he says: after an agent has hung up, by a rule; when the agent asks for it; or where a
// flow has the node.
import { createHash } from 'node:crypto';
import type { AfterTalk, CallControl, FlowSession, PreparedFlow } from '../calls/index.js';
import type {
  Call,
  LiveEvents,
  Segment,
  SurveyAnswer,
  SurveyFigures,
  SurveyFiguresQuery,
  SurveyResultList,
  SurveyResultQuery,
  SurveyRun,
} from '../contract/index.js';
import { SURVEY_BUCKET_MS, type Db, type SurveyFilter, type SurveyRow } from '../db/index.js';
import {
  AppError,
  errorText,
  newUlid,
  type Clock,
  type Log,
  type TypedEmitter,
  type Unsubscribe,
} from '../platform/index.js';
import type { SurveyBook } from './survey-book.js';
import { figuresOf } from './survey-figures.js';
import { runSurvey, type CommentRecorder, type SurveyKeeper } from './survey-run.js';
import type { SurveyVoices } from './survey-words.js';

/** Keys by which an agent sends his caller into a survey. */
const KEYS = '*9';
const DAY_MS = 86_400_000;

export interface SurveyServiceOptions {
  db: Db;
  book: SurveyBook;
  voices: SurveyVoices;
  /** asked when a caller comes to it: who records may come later */
  recorder: () => CommentRecorder | undefined;
  /** the agent who is signed in at a telephone */
  agentAt: (station: number) => string | null;
  /** 2026-11-22, in the box's time zone */
  dayOf: (at: number) => string;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
}

/** The talk that somebody is in, or was in last. */
interface Talk {
  segmentId: string;
  startedAt: number;
  agentId: string | null;
  queueId: string | null;
  /** when his number was asked last, ms; undefined: not known yet */
  lastAsked: number | null | undefined;
}

type Trigger = SurveyRun['trigger'];

export class SurveyService {
  readonly book: SurveyBook;
  readonly #options: SurveyServiceOptions;
  readonly #talks = new Map<string, Talk>();
  /** runs that callers are in now */
  readonly #running = new Set<string>();
  #calls: CallControl | undefined;
  #offs: Unsubscribe[] = [];

  constructor(options: SurveyServiceOptions) {
    this.#options = options;
    this.book = options.book;
  }

  /** What was cut off is what it has come to. */
  async start(calls: CallControl): Promise<void> {
    const { db, clock } = this.#options;
    this.#calls = calls;
    this.#offs = [
      calls.events.on('call.segment', (segment) => this.#segment(segment)),
      calls.events.on('call.released', ({ call }) => void this.#talks.delete(call.id)),
    ];
    const cutOff = (await db.surveys.running()).filter(({ id }) => !this.#running.has(id));
    if (cutOff.length === 0) return;
    const answers = await db.surveys.answers(cutOff.map(({ id }) => id));
    const answered = new Set(answers.map(({ runId }) => runId));
    await db.write(async (tx) => {
      for (const { id } of cutOff)
        await tx.surveys.updateRun(id, {
          state: answered.has(id) ? 'partial' : 'unanswered',
          endedAt: Math.max(0, ...answers.filter(({ runId }) => runId === id).map(({ at }) => at)) || clock.wallMs(),
        });
    });
  }

  stop(): void {
    for (const off of this.#offs) off();
  }

  /** For call control. */
  afterTalk(): AfterTalk {
    return {
      keys: KEYS,
      hungUp: (call, station) => this.#byRule(call, station),
      asked: (call, station) => {
        const survey = this.#agentOf(call, station) === null ? undefined : this.#preferred(call);
        return survey === undefined ? undefined : this.#flow(survey, 'agent');
      },
    };
  }

  /** As the port of the node. */
  readonly port = {
    ids: (): ReadonlySet<string> => new Set(this.book.list().map(({ id }) => id)),
    run: async (
      session: FlowSession,
      id: string,
    ): Promise<{ outcome: 'done' | 'refused'; values: { state: string } }> => {
      const survey = this.book.find(id);
      if (survey?.enabled !== true) return { outcome: 'refused', values: { state: 'off' } };
      const state = await this.#run(survey, session, 'flow');
      return { outcome: state === 'refused' ? 'refused' : 'done', values: { state } };
    },
  };

  /**
   * The one at this telephone sends his partner into a survey, and is free. AppError survey_not_found, survey_off, survey_none, call_not_found,
   * not_in_call, call_wrong_state.
   */
  push(callId: string, station: number, surveyId: string | undefined): Call {
    const calls = this.#calls;
    const call = calls?.find(callId);
    if (calls === undefined || call === undefined) throw new AppError('call_not_found', { id: callId });
    const survey = surveyId === undefined ? this.#preferred(call) : this.book.get(surveyId);
    if (survey === undefined) throw new AppError('survey_none');
    if (!survey.enabled) throw new AppError('survey_off', { id: survey.id });
    return calls.sendAfterTalk(callId, station, this.#flow(survey, 'agent'));
  }

  /** `surveyIds`: of these alone. */
  async results(
    { limit, before, ...filter }: SurveyResultQuery,
    surveyIds?: readonly string[],
  ): Promise<SurveyResultList> {
    const { surveys } = this.#options.db;
    // One more than asked for tells whether there is a next page.
    const runs = await surveys.runs({ ...filter, surveyIds }, limit + 1, before);
    const page = runs.slice(0, limit);
    const answers = await surveys.answers(page.map(({ id }) => id));
    return {
      results: page.map((run) => ({ ...run, answers: answers.filter(({ runId }) => runId === run.id) })),
      before: runs.length > limit ? (page.at(-1)?.id ?? null) : null,
    };
  }

  async figures({ by, ...filter }: SurveyFiguresQuery, surveyIds?: readonly string[]): Promise<SurveyFigures[]> {
    const { db, dayOf } = this.#options;
    const asked: SurveyFilter = { ...filter, surveyIds };
    const [runs, answers] = await Promise.all([db.surveys.countRuns(asked, by), db.surveys.countAnswers(asked, by)]);
    return figuresOf(runs, answers, (key) => {
      if (key === null) return null;
      return by === 'day' ? dayOf(Number(key) * SURVEY_BUCKET_MS) : String(key);
    });
  }

  #segment({ id, callId, kind, startedAt, endedAt, data }: Segment): void {
    if (kind !== 'talk' || endedAt !== null) return;
    const call = this.#calls?.find(callId);
    if (call === undefined) return;
    const [first, second] = call.parties;
    const { agentAt, db, log } = this.#options;
    const at = (station: number | null | undefined): string | null => (station == null ? null : agentAt(station));
    const named = typeof data['agentId'] === 'string' ? data['agentId'] : null;
    const talk: Talk = {
      ...{ segmentId: id, startedAt, lastAsked: undefined },
      agentId: named ?? at(second?.station) ?? at(first?.station),
      queueId: typeof data['queueId'] === 'string' ? data['queueId'] : null,
    };
    this.#talks.set(callId, talk);
    const number = numberOf(call);
    if (number === '') return void (talk.lastAsked = null);
    db.surveys.lastAsked(number).then(
      (asked) => (talk.lastAsked = asked),
      (error: unknown) =>
        log.warn({ err: error, callId }, `it is not known when he was asked last: ${errorText(error)}`),
    );
  }

  /** The agent of the talk, when it is he who is at this telephone; null: it is somebody else. */
  #agentOf({ id, parties }: Call, station: number): string | null {
    const agentId = this.#talks.get(id)?.agentId ?? null;
    const party = parties.find((one) => one.station === station);
    if (agentId === null || party === undefined) return null;
    return party.agentId === agentId || this.#options.agentAt(station) === agentId ? agentId : null;
  }

  #byRule(call: Call, station: number): PreparedFlow | undefined {
    const talk = this.#talks.get(call.id);
    if (talk === undefined || this.#agentOf(call, station) === null) return undefined;
    const rule = this.book.ruleFor({ direction: call.direction, queueId: talk.queueId });
    const survey = rule === undefined ? undefined : this.book.find(rule.surveyId);
    if (rule === undefined || survey === undefined) return undefined;
    const { percentage, notAgainDays, minTalkMs } = rule;
    const now = this.#options.clock.wallMs();
    // Not known is as good as asked: one who is asked too often is lost.
    const rested =
      notAgainDays === 0 || talk.lastAsked === null || (talk.lastAsked ?? now) < now - notAgainDays * DAY_MS;
    if (!rested || now - talk.startedAt < minTalkMs || shareOf(call.id, rule.id) >= percentage) return undefined;
    return this.#flow(survey, 'rule');
  }

  #preferred(call: Call): SurveyRow | undefined {
    const queueId = this.#talks.get(call.id)?.queueId ?? null;
    const rule = this.book.ruleFor({ direction: call.direction, queueId });
    return rule === undefined ? this.book.list().find(({ enabled }) => enabled) : this.book.find(rule.surveyId);
  }

  #flow(survey: SurveyRow, trigger: Trigger): PreparedFlow {
    const { log } = this.#options;
    return {
      ...{ flowId: null, version: 0 },
      run: async (session) => {
        try {
          await this.#run(survey, session, trigger);
        } catch (error) {
          session.signal.throwIfAborted();
          log.error({ err: error, callId: session.callId }, `a survey was not held: ${errorText(error)}`);
        }
      },
    };
  }

  #run(survey: SurveyRow, session: FlowSession, trigger: Trigger): Promise<SurveyRun['state']> {
    const { voices, recorder, clock, log } = this.#options;
    const call = this.#calls?.find(session.callId);
    const talk = this.#talks.get(session.callId);
    const run: SurveyRun = {
      ...{ id: newUlid(), surveyId: survey.id, callId: session.callId, trigger, language: session.language },
      ...{ segmentId: talk?.segmentId ?? null, agentId: talk?.agentId ?? null },
      queueId: talk?.queueId ?? call?.queueId ?? null,
      direction: call?.direction ?? 'in',
      number: call === undefined ? session.callingNumber : numberOf(call),
      ...{ state: 'running', startedAt: clock.wallMs(), endedAt: null },
    };
    return runSurvey({
      ...{ survey, session, run, voices, clock, keeper: this.#keeper(survey.shownToAgents), recorder: recorder() },
      log: log.child({ callId: session.callId, survey: survey.id }),
    });
  }

  #keeper(shownToAgents: boolean): SurveyKeeper {
    const { db, live, clock, log } = this.#options;
    return {
      begin: (run) => {
        this.#running.add(run.id);
        return db.write((tx) => tx.surveys.insertRun(run));
      },
      async keep(run, answer: SurveyAnswer) {
        await db.write((tx) => tx.surveys.insertAnswer(answer));
        live.emit('survey.answered', { run, answer, shownToAgents });
      },
      end: async ({ id, callId }, state) => {
        this.#running.delete(id);
        const endedAt = clock.wallMs();
        // The start of the next daemon does it when it fails here.
        await db
          .write((tx) => tx.surveys.updateRun(id, { state, endedAt }))
          .catch((error: unknown) =>
            log.error({ err: error, callId }, `the end of a survey was not stored: ${errorText(error)}`),
          );
      },
    };
  }
}

/** Who is outside; empty: withheld. */
const numberOf = ({ direction, callingNumber, calledNumber }: Call): string =>
  direction === 'out' ? calledNumber : callingNumber;

/** 0 to 100, evenly spread over calls; the same whenever it is asked. */
function shareOf(callId: string, ruleId: string): number {
  return (createHash('sha256').update(`${ruleId} ${callId}`).digest().readUInt32BE(0) / 2 ** 32) * 100;
}
