import type { Alert, AlertDelivery, AlertRule, AlertWayKind, Language } from '../contract/index.js';

export interface AlertWayRow {
  id: string;
  name: string;
  kind: AlertWayKind;
  language: Language;
  enabled: boolean;
  /** where it leads and what it needs there, secrets among it */
  sealed: string;
  createdAt: number;
  lastOkAt: number | null;
  lastError: string | null;
}

export interface AlertRuleRow extends AlertRule {
  position: number;
}

/** What has been told of an alert by a rule: so that nothing is told twice, and nothing left out, over a restart. */
export interface AlertTold {
  /** when the rule last told of it; null: it waits (delay, quiet hours) */
  at: number | null;
  /** ways that were told of its beginning, and are to hear of its end */
  ways: string[];
}

export interface AlertRow extends Omit<Alert, 'deliveries'> {
  /** by rule */
  told: Record<string, AlertTold>;
}

export interface AlertDeliveryRow extends AlertDelivery {
  nextAt: number;
  /** for programs: what a webhook sends, and the variables of a trap */
  data: Record<string, string | number | boolean | null>;
}

export interface AlertsRead {
  ways(): Promise<AlertWayRow[]>;
  way(id: string): Promise<AlertWayRow | null>;
  /** in their order */
  rules(): Promise<AlertRuleRow[]>;
  /** those that go on */
  open(): Promise<AlertRow[]>;
  /** newest first */
  list(query: { before?: string | undefined; limit: number }): Promise<AlertRow[]>;
  deliveriesOf(alertIds: readonly string[]): Promise<AlertDeliveryRow[]>;
  /** newest first, those without an alert: tests and summaries */
  looseDeliveries(limit: number): Promise<AlertDeliveryRow[]>;
  delivery(id: string): Promise<AlertDeliveryRow | null>;
  due(nowMs: number, limit: number): Promise<AlertDeliveryRow[]>;
  /** null: none waits */
  nextAt(): Promise<number | null>;
  /** of this way: held back, and not summed up yet */
  heldOf(wayId: string): Promise<AlertDeliveryRow[]>;
  /** of this way, from then on */
  countSince(wayId: string, sinceMs: number): Promise<number>;
}
export interface AlertsWrite extends AlertsRead {
  putWay(row: AlertWayRow): Promise<void>;
  updateWay(id: string, patch: Partial<Omit<AlertWayRow, 'id'>>): Promise<boolean>;
  removeWay(id: string): Promise<boolean>;
  putRule(row: AlertRuleRow): Promise<void>;
  updateRule(id: string, patch: Partial<Omit<AlertRuleRow, 'id'>>): Promise<boolean>;
  removeRule(id: string): Promise<boolean>;
  insertAlert(row: AlertRow): Promise<void>;
  updateAlert(id: string, patch: Partial<Omit<AlertRow, 'id'>>): Promise<boolean>;
  insertDelivery(row: AlertDeliveryRow): Promise<void>;
  updateDelivery(id: string, patch: Partial<Omit<AlertDeliveryRow, 'id'>>): Promise<boolean>;
  /** alerts that ended before, with what was delivered of them */
  removeBefore(atMs: number): Promise<void>;
}
