// The tables of those who are called back, as Sequelize knows them.
import { Model, type Sequelize } from 'sequelize';
import type { CallbackRow, CallbackRuleRow } from './callback-rows.js';
import { flag, id, integer, integerOrNull, json, text, textOrNull, time, timeOrNull } from './columns.js';

export function defineCallbackModels(sequelize: Sequelize) {
  const options = (tableName: string) => ({ sequelize, tableName, modelName: tableName, timestamps: false }) as const;
  const callbackRules = class extends Model<CallbackRuleRow> {};
  callbackRules.init(
    {
      queueId: id(),
      ...{ enabled: flag(), confirm: flag(), otherNumber: flag(), order: text() },
      ...{ mostOpen: integer(), tries: integer(), ringMs: integer() },
      ...{ busyPauseMs: integer(), noAnswerPauseMs: integer(), failedPauseMs: integer(), expiresAfterMs: time() },
      ...{ calendarId: textOrNull(), allowedClasses: json(), callingNumber: text(), whisper: text() },
      abandonedAfterMs: integerOrNull(),
    },
    options('callbackRules'),
  );
  const callbacks = class extends Model<CallbackRow> {};
  callbacks.init(
    {
      id: id(),
      ...{ queueId: text(), number: text(), language: text(), source: text(), state: text(), entry: json() },
      ...{ takenAt: time(), enteredAt: time(), dueAt: time(), expiresAt: time(), nextAt: timeOrNull() },
      ...{ tries: integer(), lastResult: textOrNull(), agentId: textOrNull() },
      ...{ originalCallId: textOrNull(), callId: textOrNull(), createdBy: textOrNull(), note: text() },
    },
    options('callbacks'),
  );
  return { callbackRules, callbacks };
}
