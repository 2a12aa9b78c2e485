// What is wrong with the box is told to those who are to know. A concern that appears is an alert; rules say which are told, by which ways
// and when. What is to be told is written with what has been told, in one transaction: after a restart nothing is told twice and nothing
// is left out.
//
//   concerns ─ look ─> alerts ─ rules ─> deliveries (waiting) ─ senders ─> sent | dead        too much at once: held, and summed up
import { hostname } from 'node:os';
import type { Secrets } from '../config/index.js';
import type {
  AlertDelivery,
  AlertKind,
  AlertList,
  AlertRule,
  AlertRuleCreate,
  AlertRulePatch,
  AlertWay,
  AlertWayPut,
  AlertWaySettings,
  AlertWhat,
  Language,
} from '../contract/index.js';
import { AlertWaySettings as WaySchema } from '../contract/index.js';
import type { AlertDeliveryRow, AlertRow, AlertRuleRow, AlertWayRow, Db, Writes } from '../db/index.js';
import { AppError, errorText, isAppError, newUlid, type Log, type Metrics, type Timer } from '../platform/index.js';
import { quietForMs } from './quiet.js';
import { send, type Outcome, type SendersOptions } from './senders.js';
import { alertText, type AlertWords } from './texts.js';

export interface Concern {
  kind: AlertKind;
  grave: boolean;
  value: number | null;
}

export interface AlertServiceOptions extends SendersOptions {
  db: Db;
  secrets: Secrets;
  concerns: () => Promise<readonly Concern[]>;
  /** Puts a mail into its table; `also` is written with it. */
  mail: (mail: { to: string; subject: string; text: string }, also: (tx: Writes) => Promise<void>) => Promise<void>;
  timeZone: () => string;
  language: Language;
  log: Log;
  metrics: Metrics;
}

/** Written with the change. */
export type AlertNote = (tx: Writes, id: string, states: { before?: unknown; after?: unknown }) => Promise<void>;

const LOOK_MS = 10_000;
/** A concern that comes back within is the same: it goes on. */
const OVER_AFTER_MS = 30_000;
const FIRST_RETRY_MS = 15_000;
const LONGEST_RETRY_MS = 3_600_000;
const GIVE_UP_MS = 86_400_000;
const AT_ONCE = 20;
/** of one way, within the time; tests do not count */
export const MOST_IN_STORM = 10;
export const STORM_MS = 600_000;
const KEEP_MS = 90 * 86_400_000;
const MOST_OTHERS = 20;

const SECRETS = ['secret', 'community', 'authSecret', 'privacySecret'] as const;

export class AlertService {
  readonly #options: AlertServiceOptions;
  /** when a concern of an open alert was last seen to be gone, by alert */
  readonly #absent = new Map<string, number>();
  #timer: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();
  #sending: Promise<void> | undefined;
  #stopped = true;
  #rules: AlertRuleRow[] = [];

  constructor(options: AlertServiceOptions) {
    this.#options = options;
    options.metrics.counter('alert_deliveries_total', 'Messages about alerts, by what came of them', [
      'way',
      'outcome',
    ]);
  }

  /** Whether rules decide who is told. */
  get ruled(): boolean {
    return this.#rules.some(({ enabled }) => enabled);
  }

  async start(): Promise<void> {
    this.#stopped = false;
    this.#rules = await this.#options.db.alerts.rules();
    this.#again(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#looking;
    await this.#sending;
  }

  /** Looks once, and sends what is due; resolves when both are done. */
  async look(): Promise<void> {
    await (this.#looking = this.#looking.then(() => this.#look()).catch((error: unknown) => this.#failed(error)));
    await this.#kick();
  }

  async ways(): Promise<AlertWay[]> {
    return (await this.#options.db.alerts.ways()).map((row) => this.#shownWay(row));
  }

  /** `id`: in place of that one; secrets that are left out stay. alert_way_not_found */
  async putWay(wanted: AlertWayPut, note: AlertNote, id = newUlid()): Promise<AlertWay> {
    const { db, clock, language } = this.#options;
    const row = await db.write(async (tx) => {
      const before = await tx.alerts.way(id);
      const settings = before === null ? wanted.settings : this.#withSecrets(wanted.settings, before);
      const made: AlertWayRow = {
        ...{ id, name: wanted.name, kind: settings.kind, enabled: wanted.enabled },
        language: wanted.language ?? before?.language ?? language,
        sealed: this.#options.secrets.seal(owner(id), JSON.stringify(settings)),
        ...{ createdAt: before?.createdAt ?? clock.wallMs(), lastOkAt: before?.lastOkAt ?? null },
        lastError: null,
      };
      if (before === null) await tx.alerts.putWay(made);
      else await tx.alerts.updateWay(id, made);
      await note(tx, id, {
        ...(before === null ? {} : { before: this.#shownWay(before) }),
        after: this.#shownWay(made),
      });
      return made;
    });
    return this.#shownWay(row);
  }

  /** alert_way_not_found */
  async mustHaveWay(id: string): Promise<void> {
    if ((await this.#options.db.alerts.way(id)) === null) throw new AppError('alert_way_not_found', { id });
  }

  /** alert_way_not_found, alert_way_in_use */
  async removeWay(id: string, note: AlertNote): Promise<void> {
    await this.#options.db.write(async (tx) => {
      const before = await tx.alerts.way(id);
      if (before === null) throw new AppError('alert_way_not_found', { id });
      const user = (await tx.alerts.rules()).find(({ ways }) => ways.includes(id));
      if (user !== undefined) throw new AppError('alert_way_in_use', { rule: user.name });
      await tx.alerts.removeWay(id);
      await note(tx, id, { before: this.#shownWay(before) });
    });
  }

  /** Sends a test now; resolves with what came of it. alert_way_not_found */
  async test(id: string, by: string): Promise<AlertDelivery> {
    const way = await this.#options.db.alerts.way(id);
    if (way === null) throw new AppError('alert_way_not_found', { id });
    const words: AlertWords = { what: 'test', kind: null, grave: false, value: null, since: '', box: hostname(), by };
    const row = this.#delivery(way, words, null, { kind: 'test', grave: false, value: null });
    await this.#options.db.write((tx) => tx.alerts.insertDelivery(row));
    await this.#sendOne(row);
    return toDelivery((await this.#options.db.alerts.delivery(row.id)) ?? row);
  }

  async rules(): Promise<AlertRule[]> {
    return (await this.#options.db.alerts.rules()).map(toRule);
  }

  /** alert_way_not_found */
  async createRule(wanted: AlertRuleCreate, note: AlertNote): Promise<AlertRule> {
    const id = newUlid();
    const row = await this.#options.db.write(async (tx) => {
      await waysIn(tx, wanted.ways);
      const made: AlertRuleRow = { ...wanted, id, position: (await tx.alerts.rules()).length };
      await tx.alerts.putRule(made);
      await note(tx, id, { after: wanted });
      return made;
    });
    await this.#rulesChanged();
    return toRule(row);
  }

  /** alert_rule_not_found, alert_way_not_found */
  async changeRule(id: string, patch: AlertRulePatch, note: AlertNote): Promise<AlertRule> {
    const row = await this.#options.db.write(async (tx) => {
      const before = (await tx.alerts.rules()).find((one) => one.id === id);
      if (before === undefined) throw new AppError('alert_rule_not_found', { id });
      const after = { ...before, ...defined(patch) };
      await waysIn(tx, after.ways);
      await tx.alerts.updateRule(id, defined(patch));
      await note(tx, id, { before: toRule(before), after: toRule(after) });
      return after;
    });
    await this.#rulesChanged();
    return toRule(row);
  }

  /** alert_rule_not_found */
  async removeRule(id: string, note: AlertNote): Promise<void> {
    await this.#options.db.write(async (tx) => {
      const before = (await tx.alerts.rules()).find((one) => one.id === id);
      if (before === undefined) throw new AppError('alert_rule_not_found', { id });
      await tx.alerts.removeRule(id);
      await note(tx, id, { before: toRule(before) });
    });
    await this.#rulesChanged();
  }

  async list({ before, limit }: { before?: string | undefined; limit: number }): Promise<AlertList> {
    const { db } = this.#options;
    const found = await db.alerts.list({ before, limit: limit + 1 });
    const alerts = found.slice(0, limit);
    const [deliveries, others] = await Promise.all([
      db.alerts.deliveriesOf(alerts.map(({ id }) => id)),
      before === undefined ? db.alerts.looseDeliveries(MOST_OTHERS) : [],
    ]);
    return {
      alerts: alerts.map(({ told: _told, ...alert }) => ({
        ...alert,
        deliveries: deliveries.filter(({ alertId }) => alertId === alert.id).map(toDelivery),
      })),
      before: found.length > limit ? (alerts.at(-1)?.id ?? null) : null,
      others: others.map(toDelivery),
    };
  }

  /** Tries one again now that was given up. alert_delivery_not_found */
  async retry(id: string): Promise<AlertDelivery> {
    const { db, clock } = this.#options;
    const row = await db.write(async (tx) => {
      const found = await tx.alerts.delivery(id);
      if (found === null || found.state === 'sent') return null;
      const now = clock.wallMs();
      await tx.alerts.updateDelivery(id, { state: 'waiting', nextAt: now, createdAt: now, attempts: 0 });
      return { ...found, state: 'waiting', nextAt: now, createdAt: now, attempts: 0 } as AlertDeliveryRow;
    });
    if (row === null) throw new AppError('alert_delivery_not_found', { id });
    await this.#sendOne(row);
    return toDelivery((await db.alerts.delivery(id)) ?? row);
  }

  #again(ms: number): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(ms, () => void this.look().finally(() => this.#again(LOOK_MS)));
  }

  async #rulesChanged(): Promise<void> {
    this.#rules = await this.#options.db.alerts.rules();
    await this.look();
  }

  #failed(error: unknown): void {
    this.#options.log.error({ err: error }, `alerts: ${errorText(error)}`);
  }

  async #look(): Promise<void> {
    const { db, concerns, clock } = this.#options;
    const seen = new Map((await concerns()).map((one) => [one.kind, one]));
    const now = clock.wallMs();
    const [open, ways] = await Promise.all([db.alerts.open(), db.alerts.ways()]);
    const enabled = new Map(ways.filter((way) => way.enabled).map((way) => [way.id, way]));
    for (const alert of open) {
      const concern = seen.get(alert.kind);
      seen.delete(alert.kind);
      if (concern === undefined) await this.#maybeOver(alert, enabled, now);
      else {
        this.#absent.delete(alert.id);
        await this.#tell({ ...alert, grave: concern.grave, value: concern.value }, enabled, now, false);
      }
    }
    for (const { kind, grave, value } of seen.values()) {
      const alert: AlertRow = { id: newUlid(), kind, grave, value, startedAt: now, endedAt: null, told: {} };
      await this.#tell(alert, enabled, now, true);
    }
    for (const way of enabled.values()) await this.#sumUp(way, now);
    await db.write((tx) => tx.alerts.removeBefore(now - KEEP_MS), { soon: true });
  }

  /** What the rules have to say of one that goes on, with the alert in one transaction. */
  async #tell(alert: AlertRow, ways: ReadonlyMap<string, AlertWayRow>, now: number, fresh: boolean): Promise<void> {
    const told = { ...alert.told };
    const messages: { way: AlertWayRow; what: AlertWhat }[] = [];
    for (const rule of this.#rules) {
      if (!rule.enabled || !fits(rule, alert)) continue;
      const before = told[rule.id];
      const isQuiet = !(alert.grave && rule.graveInQuiet) && quietForMs(rule, now, this.#options.timeZone()) > 0;
      const first = before?.at == null;
      const due = first
        ? now - alert.startedAt >= rule.delayMs
        : rule.remindMs !== null && now - (before.at ?? now) >= rule.remindMs;
      if (!due || isQuiet) continue;
      const reached = rule.ways.flatMap((id) => ways.get(id) ?? []);
      // Two rules that tell by one way tell once.
      const others = reached.filter(
        (way) => !messages.some((one) => one.way.id === way.id) && !(first && knows(told, way.id)),
      );
      for (const way of others) messages.push({ way, what: first ? 'began' : 'reminder' });
      told[rule.id] = { at: now, ways: [...new Set([...(before?.ways ?? []), ...reached.map(({ id }) => id)])] };
    }
    if (fresh || messages.length > 0 || JSON.stringify(told) !== JSON.stringify(alert.told))
      await this.#write(alert, { told, grave: alert.grave, value: alert.value }, messages, now, fresh);
  }

  async #maybeOver(alert: AlertRow, ways: ReadonlyMap<string, AlertWayRow>, now: number): Promise<void> {
    const since = this.#absent.get(alert.id);
    if (since === undefined) this.#absent.set(alert.id, now);
    if (since === undefined || now - since < OVER_AFTER_MS) return;
    this.#absent.delete(alert.id);
    const messages = new Map<string, { way: AlertWayRow; what: AlertWhat; notBefore: number }>();
    for (const rule of this.#rules) {
      const before = alert.told[rule.id];
      if (!rule.enabled || !rule.tellEnd || before?.at == null) continue;
      const quiet = alert.grave && rule.graveInQuiet ? 0 : quietForMs(rule, now, this.#options.timeZone());
      for (const way of before.ways.flatMap((id) => ways.get(id) ?? []))
        messages.set(way.id, { way, what: 'ended', notBefore: now + quiet });
    }
    await this.#write(alert, { endedAt: now }, [...messages.values()], now, false);
  }

  async #write(
    alert: AlertRow,
    patch: Partial<Omit<AlertRow, 'id'>>,
    messages: readonly { way: AlertWayRow; what: AlertWhat; notBefore?: number }[],
    now: number,
    fresh: boolean,
  ): Promise<void> {
    const { id, kind, grave, value, startedAt } = alert;
    await this.#options.db.write(async (tx) => {
      if (fresh) await tx.alerts.insertAlert({ ...alert, ...patch });
      else await tx.alerts.updateAlert(id, patch);
      for (const { way, what, notBefore = now } of messages) {
        const words = { what, kind, grave, value, since: this.#timeText(startedAt), box: hostname() };
        const row = this.#delivery(way, words, id, { kind, grave, value, startedAt, endedAt: patch.endedAt ?? null });
        const held = (await tx.alerts.countSince(way.id, now - STORM_MS)) >= MOST_IN_STORM;
        await tx.alerts.insertDelivery({ ...row, nextAt: notBefore, state: held ? 'held' : 'waiting' });
      }
    });
  }

  /** Once there is room again: how many were held back, in one message. */
  async #sumUp(way: AlertWayRow, now: number): Promise<void> {
    const { db } = this.#options;
    const held = await db.alerts.heldOf(way.id);
    if (held.length === 0) return;
    await db.write(async (tx) => {
      if ((await tx.alerts.countSince(way.id, now - STORM_MS)) >= MOST_IN_STORM) return;
      const words: AlertWords = {
        what: 'summary',
        kind: null,
        grave: false,
        value: null,
        since: '',
        box: hostname(),
        count: held.length,
      };
      const row = this.#delivery(way, words, null, { kind: 'summary', grave: false, value: held.length });
      await tx.alerts.insertDelivery(row);
      for (const { id } of held) await tx.alerts.updateDelivery(id, { lastError: `> ${row.id}` });
    });
  }

  #delivery(
    way: AlertWayRow,
    words: AlertWords,
    alertId: string | null,
    data: AlertDeliveryRow['data'],
  ): AlertDeliveryRow {
    const now = this.#options.clock.wallMs();
    const { subject, body } = alertText(words, way.language);
    return {
      ...{ id: newUlid(), alertId, wayId: way.id, wayName: way.name, wayKind: way.kind, what: words.what },
      ...{ state: 'waiting', subject, body, data: { ...data, box: words.box }, createdAt: now, attempts: 0 },
      ...{ nextAt: now, sentAt: null, lastError: null },
    };
  }

  #timeText(atMs: number): string {
    return new Intl.DateTimeFormat('sv-SE', {
      ...{ timeZone: this.#options.timeZone(), dateStyle: 'short', timeStyle: 'medium' },
    }).format(atMs);
  }

  #kick(): Promise<void> {
    this.#sending ??= this.#sendDue()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => (this.#sending = undefined));
    return this.#sending;
  }

  async #sendDue(): Promise<void> {
    const { db, clock } = this.#options;
    for (;;) {
      const due = await db.alerts.due(clock.wallMs(), AT_ONCE);
      // A way that does not answer holds up nobody else.
      await Promise.all(due.map((row) => this.#sendOne(row)));
      if (due.length < AT_ONCE || this.#stopped) return;
    }
  }

  async #sendOne(row: AlertDeliveryRow): Promise<void> {
    const { db, clock, log, metrics } = this.#options;
    const way = await db.alerts.way(row.wayId);
    const outcome: Outcome =
      way === null ? { kind: 'never', reason: '#removed' } : await this.#sendBy(this.#settings(way), row);
    const now = clock.wallMs();
    const attempts = row.attempts + 1;
    const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** row.attempts);
    const dead = outcome.kind === 'never' || (outcome.kind === 'later' && now + wait - row.createdAt > GIVE_UP_MS);
    const state = outcome.kind === 'sent' ? 'sent' : dead ? 'dead' : 'waiting';
    metrics.counter('alert_deliveries_total', '', ['way', 'outcome']).inc({ way: row.wayKind, outcome: outcome.kind });
    if (outcome.kind !== 'sent')
      log.warn({ way: row.wayName, reason: outcome.reason }, 'somebody was not told of an alert');
    const lastError = outcome.kind === 'sent' ? null : outcome.reason;
    await db.write(
      async (tx) => {
        await tx.alerts.updateDelivery(row.id, {
          ...{ state, attempts, lastError, sentAt: outcome.kind === 'sent' ? now : null, nextAt: now + wait },
        });
        await tx.alerts.updateWay(row.wayId, outcome.kind === 'sent' ? { lastOkAt: now, lastError } : { lastError });
      },
      { lockWaitMs: Infinity },
    );
  }

  async #sendBy(settings: AlertWaySettings, row: AlertDeliveryRow): Promise<Outcome> {
    if (settings.kind !== 'mail') return send(this.#options, settings, row);
    try {
      const sentAt = this.#options.clock.wallMs();
      const [last] = settings.to.slice(-1);
      for (const to of settings.to)
        await this.#options.mail({ to, subject: row.subject, text: row.body }, async (tx) => {
          // With the last one: a crash in between says it twice to some, and to nobody never.
          if (to === last) await tx.alerts.updateDelivery(row.id, { state: 'sent', sentAt });
        });
      return { kind: 'sent' };
    } catch (error) {
      const noServer = isAppError(error, 'mail_not_set_up');
      return { kind: 'later', reason: noServer ? '#mail' : errorText(error) };
    }
  }

  #settings({ id, sealed }: AlertWayRow): AlertWaySettings {
    return WaySchema.parse(JSON.parse(this.#options.secrets.open(owner(id), sealed)));
  }

  #withSecrets(wanted: AlertWaySettings, before: AlertWayRow): AlertWaySettings {
    const known = this.#settings(before) as Record<string, unknown>;
    if (known['kind'] !== wanted.kind) return wanted;
    const kept = SECRETS.filter((name) => !(name in wanted) && name in known).map((name) => [name, known[name]]);
    return { ...wanted, ...Object.fromEntries(kept) } as AlertWaySettings;
  }

  #shownWay(row: AlertWayRow): AlertWay {
    const settings = { ...this.#settings(row) } as Record<string, unknown>;
    const hasSecrets = SECRETS.some((name) => typeof settings[name] === 'string' && settings[name] !== '');
    for (const name of SECRETS) delete settings[name];
    const { id, name, language, enabled, lastOkAt, lastError } = row;
    return { id, name, language, enabled, settings: settings as AlertWaySettings, hasSecrets, lastOkAt, lastError };
  }
}

const owner = (id: string): string => `alert way ${id}`;
const fits = ({ concerns, severity }: AlertRuleRow, { kind, grave }: AlertRow): boolean =>
  (concerns.length === 0 || concerns.includes(kind)) && (severity === 'any' || grave);
const knows = (told: AlertRow['told'], way: string): boolean =>
  Object.values(told).some(({ at, ways }) => at !== null && ways.includes(way));

async function waysIn(tx: Writes, ids: readonly string[]): Promise<void> {
  for (const id of ids) if ((await tx.alerts.way(id)) === null) throw new AppError('alert_way_not_found', { id });
}

function defined<T extends object>(patch: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as never;
}

function toRule({ position: _position, ...rule }: AlertRuleRow): AlertRule {
  return rule;
}

function toDelivery({ nextAt: _nextAt, data: _data, ...delivery }: AlertDeliveryRow): AlertDelivery {
  return delivery;
}
