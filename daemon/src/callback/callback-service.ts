// When those are called who are to be called back, and what becomes of it: each waits for his time, then at his place in the queue
// (QueuePlaces) like a caller, and is rung together with the agent whom the queue gives him.
import type {
  CallBackOutcome,
  CallControl,
  OfferOutcome,
  OfferTarget,
  QueueParty,
  QueuePlaces,
} from '../calls/index.js';
import type { Dialled } from '../calls/index.js';
import type { Callback, CallbackResult, CallbackRule, Language, Segment } from '../contract/index.js';
import { errorText, newUlid, type Timer, type Unsubscribe } from '../platform/index.js';
import { agentFor, CallbackBook, isOpen, type CallbackBookOptions } from './callback-book.js';

export interface CallbackServiceOptions extends Omit<CallbackBookOptions, 'changed' | 'mayCall'> {
  calls: Pick<CallControl, 'events' | 'callBack' | 'find'>;
  places: QueuePlaces;
  /** the ways to a number that the rule allows; a text: why there is none */
  resolve: (number: string, rule: CallbackRule) => Promise<Dialled | { en: string; zh: string }>;
  /** on a black list */
  isBarred: (number: string) => Promise<boolean>;
  /** undefined: there is no such calendar; until: when that changes, if it is known */
  isOpen: (calendarId: string, at: number) => { open: boolean; until: number | null } | undefined;
  agentLanguage: (agentId: string) => Language | undefined;
  /** files of prompts; those that are missing are left out */
  words: (names: readonly string[], language: Language) => Promise<string[]>;
}

/** Calendars are asked again after so long at the latest. */
const LOOK_AGAIN_MS = 60_000;
/** The line to this number is in use by a callback of another queue. */
const SAME_NUMBER_PAUSE_MS = 30_000;
/** Agents who hang up before the customer was reached do not count as tries; he is due again at once after this. */
const AGENT_GONE_PAUSE_MS = 5000;

/** The agent is another matter: the customer stays at his place. */
const NOT_RUNG: ReadonlySet<OfferOutcome> = new Set(['noAnswer', 'stationBusy', 'stationFailed']);

export class CallbackService {
  readonly book: CallbackBook;
  readonly #options: CallbackServiceOptions;
  readonly #timers = new Map<string, Timer>();
  /** at their places in queues */
  readonly #placed = new Set<string>();
  /** numbers that are being called */
  readonly #calling = new Set<string>();
  /** of those who wait on the line, by call */
  readonly #languages = new Map<string, Language>();
  /** how long those have waited who hung up, by call */
  readonly #abandoned = new Map<string, { queueId: string; waitMs: number }>();
  #offs: Unsubscribe[] = [];
  #stopped = false;

  constructor(options: CallbackServiceOptions) {
    this.#options = options;
    this.book = new CallbackBook({
      ...options,
      mayCall: async (number, rule) => {
        const barred = { en: 'it is on a black list', zh: '该号码在黑名单中' };
        if (await options.isBarred(number)) return { ok: false, reason: barred };
        const found = await options.resolve(number, rule);
        return 'en' in found ? { ok: false, reason: found } : { ok: true };
      },
      changed: (row) => this.#plan(row),
    });
  }

  async start(): Promise<void> {
    const { calls } = this.#options;
    this.#offs = [
      calls.events.on('call.connected', ({ call, agentId, queueId }) => {
        if (agentId === null) return;
        const row = this.book.ofCall(call.id);
        if (row !== undefined) return this.#step(row.id, { state: 'talking', agentId, lastResult: 'talked' });
        // He has called again himself, and was served.
        const same = queueId === null ? undefined : this.book.openOf(queueId, call.callingNumber);
        if (same?.state === 'waiting' && call.direction === 'in')
          this.#step(same.id, { state: 'done', agentId, lastResult: 'called_in' });
      }),
      calls.events.on('call.queued', ({ call, language }) => void this.#languages.set(call.id, language)),
      calls.events.on('call.segment', (segment) => this.#segment(segment)),
      calls.events.on('call.released', ({ call }) => this.#released(call.id, call.callingNumber, call.releasedBy)),
    ];
    await this.book.start();
    for (const row of this.book.open()) this.#plan(row);
  }

  stop(): void {
    this.#stopped = true;
    for (const off of this.#offs) off();
    for (const timer of this.#timers.values()) timer.cancel();
    this.book.stop();
  }

  /** At his place in the queue, or until his time comes. */
  #plan(row: Callback): void {
    if (this.#stopped) return;
    const { id } = row;
    this.#timers.get(id)?.cancel();
    this.#timers.delete(id);
    if (!isOpen(row) || row.state !== 'waiting') {
      if (!isOpen(row)) this.#withdraw(id);
      return;
    }
    const now = this.#options.clock.wallMs();
    if (now >= row.expiresAt) return this.#step(id, { state: 'expired' });
    const dueAt = Math.max(row.dueAt, row.nextAt ?? 0, this.#openAt(row, now));
    if (now < dueAt) {
      this.#withdraw(id);
      return this.#lookAgain(row, dueAt - now);
    }
    this.#lookAgain(row, LOOK_AGAIN_MS);
    if (this.#placed.has(id)) return;
    this.#placed.add(id);
    this.#options.places.put(this.#party(row), row.enteredAt);
  }

  /** When the calendar lets him be called; one that is gone lets nobody. */
  #openAt({ queueId }: Callback, now: number): number {
    const calendarId = this.book.rule(queueId)?.calendarId ?? null;
    if (calendarId === null) return 0;
    const state = this.#options.isOpen(calendarId, now);
    if (state?.open === true) return 0;
    return Math.max(now + 1, Math.min(state?.until ?? Infinity, now + LOOK_AGAIN_MS));
  }

  #lookAgain({ id, expiresAt }: Callback, delayMs: number): void {
    const { clock } = this.#options;
    const untilMs = Math.max(0, Math.min(delayMs, expiresAt - clock.wallMs(), LOOK_AGAIN_MS));
    const timer = clock.after(untilMs, () => {
      const row = this.book.find(id);
      if (row !== undefined) this.#plan(row);
    });
    this.#timers.set(id, timer);
  }

  #withdraw(id: string): void {
    if (this.#placed.delete(id)) this.#options.places.remove(id);
  }

  /** Writes a step that nobody waits for; one that cannot be written is logged by the book. */
  #step(id: string, patch: Parameters<CallbackBook['change']>[1]): void {
    void this.book.change(id, patch).catch(() => undefined);
  }

  #party({ id, queueId, entry, language, number }: Callback): QueueParty {
    let callId = newUlid();
    return {
      ...{ id, queueId, entry, language, callingNumber: number, mostAgents: 1 },
      get callId() {
        return callId;
      },
      ring: async (targets) => {
        const used = callId;
        callId = newUlid();
        return this.#ring(id, used, targets).catch((error: unknown) => {
          this.#options.log.error({ err: error, callback: id }, `a callback fails: ${errorText(error)}`);
          this.#again(id, 'interrupted', SAME_NUMBER_PAUSE_MS);
          return targets.map(() => 'withdrawn' as const);
        });
      },
      // The queue is there no more.
      leave: () => {
        this.#placed.delete(id);
        this.#step(id, { state: 'failed', lastResult: 'queue_removed' });
      },
    };
  }

  async #ring(id: string, callId: string, targets: readonly OfferTarget[]): Promise<OfferOutcome[]> {
    const { clock, calls, resolve, isBarred, log } = this.#options;
    const withdrawn = targets.map(() => 'withdrawn' as const);
    const row = this.book.find(id);
    const rule = row === undefined ? undefined : this.book.rule(row.queueId);
    const [target] = targets;
    if (row === undefined || rule === undefined || row.state !== 'waiting' || target === undefined) {
      this.#withdraw(id);
      if (row !== undefined && rule === undefined) this.#step(id, { state: 'failed', lastResult: 'not_allowed' });
      return withdrawn;
    }
    const { number, queueId, language, entry, enteredAt } = row;
    const now = clock.wallMs();
    if (this.#openAt(row, now) > now) {
      this.#plan(row);
      return withdrawn;
    }
    if (this.#calling.has(number)) {
      this.#again(id, row.lastResult, SAME_NUMBER_PAUSE_MS);
      return withdrawn;
    }
    this.#calling.add(number);
    try {
      await this.book.change(id, { state: 'ringingAgent', agentId: target.agentId, callId });
      const found = await resolve(number, rule);
      if ('en' in found || (await isBarred(number))) {
        this.#withdraw(id);
        log.warn({ callback: id, number, why: 'en' in found ? found.en : 'black list' }, 'a callback is not allowed');
        this.#step(id, { state: 'failed', lastResult: 'not_allowed' });
        return withdrawn;
      }
      const plan = {
        ...{ callId, placeId: id, order: rule.order, number, found, queueId, entry, language },
        ...{ shownNumber: rule.callingNumber, waitedMs: Math.max(0, now - enteredAt), ringMs: rule.ringMs },
        data: { callbackId: id, ...(row.originalCallId === null ? {} : { originalCallId: row.originalCallId }) },
        hello: await this.#options.words(['callback-hello'], language),
        beforeCustomer: async () => {
          if (this.book.find(id)?.state !== 'ringingAgent') return false;
          await this.book.change(id, { state: 'dialling', tries: row.tries + 1 });
          return true;
        },
      };
      const outcome = await calls.callBack(plan, await Promise.all(targets.map((one) => this.#told(one, rule))));
      this.#settle(id, callId, rule, outcome);
      return outcome.offers;
    } finally {
      this.#calling.delete(number);
    }
  }

  /** The agent hears that it is a callback, before what his queue says. */
  async #told(target: OfferTarget, { whisper, order }: CallbackRule): Promise<OfferTarget> {
    const spoken = this.#options.agentLanguage(target.agentId) ?? 'en';
    const words = await this.#options.words([whisper], spoken);
    const { agent = [], caller = [] } = target.greeting ?? {};
    const said = [...words, ...agent];
    if (said.length === 0 && caller.length === 0) return target;
    return { ...target, greeting: { agent: said, caller: order === 'customerFirst' ? caller : [] } };
  }

  #settle(id: string, callId: string, rule: CallbackRule, { offers, result }: CallBackOutcome): void {
    const row = this.book.find(id);
    if (row === undefined || offers.includes('connected')) return;
    // A customer who was called first is on the line, and waits.
    if (row.state === 'dialling' && this.#options.calls.find(callId)?.queueId != null && result === 'agent_no_answer')
      return void this.#placed.delete(id);
    if (row.state === 'ringingAgent' && offers.some((one) => NOT_RUNG.has(one))) {
      return this.#step(id, { state: 'waiting', agentId: agentFor(row.entry), lastResult: result });
    }
    this.#failed(row, rule, result);
  }

  #failed({ id, tries, expiresAt }: Callback, rule: CallbackRule, result: CallbackResult | null): void {
    const counted = result !== 'agent_gone' && result !== 'agent_no_answer';
    if (counted && tries >= rule.tries) {
      this.#withdraw(id);
      return this.#step(id, { state: 'failed', lastResult: result });
    }
    const pause = pauseOf(rule, result);
    if (this.#options.clock.wallMs() + pause >= expiresAt) {
      this.#withdraw(id);
      return this.#step(id, { state: 'expired', lastResult: result });
    }
    this.#again(id, result, pause);
  }

  #again(id: string, lastResult: CallbackResult | null, pauseMs: number): void {
    this.#withdraw(id);
    const nextAt = this.#options.clock.wallMs() + pauseMs;
    const entry = this.book.find(id)?.entry;
    this.#step(id, { state: 'waiting', agentId: entry === undefined ? null : agentFor(entry), lastResult, nextAt });
  }

  #segment({ kind, callId, data }: Segment): void {
    const { outcome, waitMs, queueId, callbackId } = data;
    if (kind !== 'queued' || outcome !== 'abandoned' || callbackId !== undefined) return;
    if (typeof queueId === 'string' && typeof waitMs === 'number') this.#abandoned.set(callId, { queueId, waitMs });
  }

  #released(callId: string, callingNumber: string, by: string | null): void {
    const row = this.book.ofCall(callId);
    if (row?.state === 'talking') this.#step(row.id, { state: 'done' });
    const rule = row === undefined ? undefined : this.book.rule(row.queueId);
    // He was called first, and nobody has served him; what comes of other calls is told by callBack.
    if (row?.state === 'dialling' && rule !== undefined && !this.#placed.has(row.id))
      this.#failed(row, rule, by === 'callee' ? 'customer_gone' : 'agent_no_answer');
    const left = this.#abandoned.get(callId);
    const language = this.#languages.get(callId) ?? 'zh-CN';
    this.#abandoned.delete(callId);
    this.#languages.delete(callId);
    if (left !== undefined && callingNumber !== '') void this.#takeAbandoned(callId, callingNumber, language, left);
  }

  async #takeAbandoned(
    originalCallId: string,
    number: string,
    language: Language,
    { queueId, waitMs }: { queueId: string; waitMs: number },
  ): Promise<void> {
    const afterMs = this.book.rule(queueId)?.abandonedAfterMs ?? null;
    if (afterMs === null || waitMs < afterMs) return;
    const entry = { priority: null, vip: false, skills: [], preferredAgent: null, region: null, customerLevel: null };
    const wanted = { queueId, number, language, source: 'abandoned', originalCallId } as const;
    await this.book
      .take({ ...wanted, entry, enteredAt: null, at: null })
      .catch((error: unknown) =>
        this.#options.log.info({ queueId, number }, `who hung up is not called back: ${errorText(error)}`),
      );
  }
}

function pauseOf(rule: CallbackRule, result: CallbackResult | null): number {
  if (result === 'busy') return rule.busyPauseMs;
  if (result === 'no_answer' || result === 'refused' || result === 'customer_gone') return rule.noAnswerPauseMs;
  return result === 'agent_gone' || result === 'agent_no_answer' ? AGENT_GONE_PAUSE_MS : rule.failedPauseMs;
}
