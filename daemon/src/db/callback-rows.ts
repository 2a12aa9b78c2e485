import type { ReachFilter } from '../platform/index.js';
import type { Callback, CallbackRule } from '../contract/index.js';

export type CallbackRuleRow = CallbackRule;
export type CallbackRow = Callback;

type Patch = { [K in Exclude<keyof CallbackRow, 'id'>]?: CallbackRow[K] | undefined };

export interface CallbackRowQuery {
  states?: readonly CallbackRow['state'][] | undefined;
  queueId?: string | undefined;
  /** that the number begins with */
  number?: string | undefined;
  /** whose they are: he has asked for them, or they are his to call */
  agentId?: string | undefined;
  createdBy?: string | undefined;
  /** beside them those of these agents and queues */
  reach?: ReachFilter | undefined;
  before?: string | undefined;
  limit: number;
}

export interface CallbacksRead {
  rule(queueId: string): Promise<CallbackRuleRow | null>;
  rules(): Promise<CallbackRuleRow[]>;
  find(id: string): Promise<CallbackRow | null>;
  /** newest first */
  list(query: CallbackRowQuery): Promise<CallbackRow[]>;
  /** those that are not over, oldest first */
  open(): Promise<CallbackRow[]>;
  openOf(queueId: string, number: string): Promise<CallbackRow | null>;
  countOpen(queueId: string): Promise<number>;
}
export interface CallbacksWrite extends CallbacksRead {
  /** Told as callbackRule.changed. */
  putRule(row: CallbackRuleRow): Promise<void>;
  removeRule(queueId: string): Promise<boolean>;
  /** callback_exists: one that is open for this number and queue */
  insert(row: CallbackRow): Promise<void>;
  update(id: string, patch: Patch): Promise<boolean>;
}
