// Surveys after a talk: what is asked, when, of whom, and what was answered.
import { DataTypes, type ModelAttributes } from 'sequelize';
import type { Migration } from './migration.js';

// Functions, because Sequelize writes the column's name into the object it is given.
const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const textOrNull = () => ({ type: DataTypes.TEXT, allowNull: true });
const time = () => ({ type: DataTypes.BIGINT, allowNull: false });
const timeOrNull = () => ({ type: DataTypes.BIGINT, allowNull: true });
const integer = () => ({ type: DataTypes.INTEGER, allowNull: false });
const integerOrNull = () => ({ type: DataTypes.INTEGER, allowNull: true });
const flag = () => ({ type: DataTypes.BOOLEAN, allowNull: false });
const json = () => ({ type: DataTypes.JSON, allowNull: false });
const jsonOrNull = () => ({ type: DataTypes.JSON, allowNull: true });
const id = () => ({ type: DataTypes.STRING(40), primaryKey: true, allowNull: false });
const oneOf = (column: string, values: readonly string[], allowNull = false) => ({
  type: `TEXT CHECK ("${column}" IN (${values.map((value) => `'${value}'`).join(', ')}))`,
  allowNull,
});
const references = (model: string, onDelete: string) => ({
  type: DataTypes.STRING(40),
  allowNull: false,
  references: { model, key: 'id' },
  ...{ onDelete, onUpdate: 'CASCADE' },
});

const tables = (): [name: string, columns: ModelAttributes][] => [
  [
    'surveys',
    {
      ...{ id: id(), name: text(), invitation: jsonOrNull(), questions: json(), retries: integer() },
      ...{ timeoutMs: integer(), invalid: jsonOrNull(), thanks: jsonOrNull(), shownToAgents: flag(), enabled: flag() },
      ...{ updatedAt: time(), updatedBy: text() },
    },
  ],
  [
    'surveyRules',
    {
      ...{ id: id(), name: text(), surveyId: references('surveys', 'RESTRICT'), queueId: textOrNull() },
      direction: oneOf('direction', ['in', 'out'], true),
      percentage: { type: 'DOUBLE PRECISION CHECK ("percentage" BETWEEN 0 AND 100)', allowNull: false },
      ...{ notAgainDays: integer(), minTalkMs: integer(), position: integer(), enabled: flag() },
    },
  ],
  // What was answered stays when the survey goes.
  [
    'surveyRuns',
    {
      ...{ id: id(), surveyId: text(), callId: references('calls', 'CASCADE'), segmentId: textOrNull() },
      ...{ agentId: textOrNull(), queueId: textOrNull(), direction: text(), number: text() },
      trigger: oneOf('trigger', ['rule', 'agent', 'flow']),
      language: text(),
      state: oneOf('state', ['running', 'complete', 'partial', 'unanswered', 'refused']),
      ...{ startedAt: time(), endedAt: timeOrNull() },
    },
  ],
  [
    'surveyAnswers',
    {
      ...{ id: id(), runId: references('surveyRuns', 'CASCADE'), questionId: text() },
      kind: oneOf('kind', ['score', 'yesNo', 'choice', 'comment']),
      ...{ at: time(), value: integerOrNull(), least: integerOrNull(), most: integerOrNull() },
      ...{ choice: textOrNull(), file: textOrNull(), durationMs: timeOrNull() },
    },
  ],
];

const indexes: [table: string, columns: string[]][] = [
  ['surveyRuns', ['number', 'startedAt']],
  ['surveyRuns', ['startedAt']],
  ['surveyRuns', ['callId']],
  ['surveyRuns', ['agentId', 'startedAt']],
  ['surveyAnswers', ['runId']],
];

export const surveys: Migration = {
  name: '0017-surveys',
  async up({ queryInterface, transaction }) {
    for (const [table, columns] of tables()) await queryInterface.createTable(table, columns, { transaction });
    for (const [table, columns] of indexes)
      await queryInterface.addIndex(table, columns, { transaction, name: `${table}_${columns.join('_')}` });
  },
  async down({ queryInterface, transaction }) {
    for (const [table] of tables().reverse()) await queryInterface.dropTable(table, { transaction });
  },
};
