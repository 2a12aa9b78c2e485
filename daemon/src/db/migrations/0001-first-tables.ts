// The tables of docs/daemon.md. Column names in CHECKs stand in double quotes, which SQLite and PostgreSQL both read as names.
import { DataTypes, type ModelAttributes } from 'sequelize';
import type { Migration } from './migration.js';

// Functions, because Sequelize writes the column's name into the object it is given.
const id = () => ({ type: DataTypes.STRING(40), primaryKey: true, allowNull: false });
const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const textOrNull = () => ({ type: DataTypes.TEXT, allowNull: true });
const integerOrNull = () => ({ type: DataTypes.INTEGER, allowNull: true });
const time = () => ({ type: DataTypes.BIGINT, allowNull: false });
const json = () => ({ type: DataTypes.JSON, allowNull: false });

/** Text that is one of these. */
function oneOf(column: string, values: readonly string[], allowNull = false) {
  const list = values.map((value) => `'${value}'`).join(', ');
  return { type: `TEXT CHECK ("${column}" IN (${list}))`, allowNull };
}

/** An integer of at least so much. */
function atLeast(column: string, least: number, type: 'INTEGER' | 'BIGINT' = 'INTEGER') {
  return { type: `${type} CHECK ("${column}" >= ${least})`, allowNull: false };
}

/** An end that is never before its start. */
function endAfter(column: string, start: string) {
  return { type: `BIGINT CHECK ("${column}" >= "${start}")`, allowNull: true };
}

function references(table: string, onDelete: 'CASCADE' | 'RESTRICT' | 'SET NULL', allowNull = false, key = 'id') {
  return {
    type: DataTypes.STRING(40),
    allowNull,
    references: { model: table, key },
    onDelete,
    onUpdate: 'RESTRICT',
  };
}

const language = () => oneOf('language', ['zh-CN', 'en']);
const agentState = () => oneOf('state', ['signedOut', 'ready', 'ringing', 'talking', 'wrapUp', 'notReady']);

// Calls and the agents' history name flows, queues and agents without a foreign key: what happened stays true when the
// thing is removed.
const tables = (): [name: string, columns: ModelAttributes][] => [
  ['flows', { id: id(), name: text(), definition: json(), version: atLeast('version', 1), updatedAt: time() }],
  [
    'routes',
    {
      id: id(),
      calledNumber: { ...text(), unique: true },
      flowId: references('flows', 'RESTRICT'),
      language: language(),
    },
  ],
  [
    'queues',
    {
      id: id(),
      name: text(),
      strategy: oneOf('strategy', ['longest_idle']),
      ringTimeoutMs: atLeast('ringTimeoutMs', 1),
      wrapUpMs: atLeast('wrapUpMs', 0),
      maxWaitMs: atLeast('maxWaitMs', 1),
      serviceLevelMs: atLeast('serviceLevelMs', 1),
      musicFile: textOrNull(),
    },
  ],
  ['agents', { id: id(), name: text(), queues: json(), language: language() }],
  [
    'agentStates',
    {
      agentId: { ...references('agents', 'CASCADE'), primaryKey: true },
      state: agentState(),
      reason: textOrNull(),
      station: { ...integerOrNull(), unique: true },
      since: time(),
    },
  ],
  [
    'agentSegments',
    {
      id: id(),
      agentId: text(),
      state: agentState(),
      reason: textOrNull(),
      station: integerOrNull(),
      startedAt: time(),
      endedAt: endAfter('endedAt', 'startedAt'),
    },
  ],
  [
    'users',
    {
      id: id(),
      username: { ...text(), unique: true },
      passwordHash: text(),
      role: oneOf('role', ['admin', 'supervisor', 'agent']),
      language: language(),
      agentId: references('agents', 'SET NULL', true),
      createdAt: time(),
    },
  ],
  [
    'sessions',
    {
      id: id(),
      tokenHash: { ...text(), unique: true },
      userId: references('users', 'CASCADE'),
      createdAt: time(),
      expiresAt: endAfter('expiresAt', 'createdAt'),
    },
  ],
  [
    'calls',
    {
      id: id(),
      state: oneOf('state', ['live', 'ended', 'broken']),
      startedAt: time(),
      answeredAt: endAfter('answeredAt', 'startedAt'),
      endedAt: {
        // A call that lives has no end, and one that does not has one.
        type: `BIGINT CHECK ("endedAt" >= "startedAt") CHECK (("state" = 'live') = ("endedAt" IS NULL))`,
        allowNull: true,
      },
      callingNumber: text(),
      callingName: text(),
      calledNumber: text(),
      span: atLeast('span', 0),
      timeslot: atLeast('timeslot', 0),
      flowId: textOrNull(),
      queueId: textOrNull(),
      agentId: textOrNull(),
      digits: text(),
      cause: { type: 'INTEGER CHECK ("cause" BETWEEN 1 AND 127)', allowNull: true },
      releasedBy: oneOf('releasedBy', ['caller', 'agent', 'system', 'fault'], true),
    },
  ],
  [
    'segments',
    {
      id: id(),
      callId: references('calls', 'CASCADE'),
      kind: oneOf('kind', [
        'seized',
        'flow',
        'prompt',
        'menu',
        'digit',
        'queued',
        'offer',
        'talk',
        'recording',
        'released',
      ]),
      startedAt: time(),
      endedAt: endAfter('endedAt', 'startedAt'),
      data: json(),
    },
  ],
  [
    'recordings',
    {
      id: id(),
      callId: references('calls', 'RESTRICT'),
      path: { ...text(), unique: true },
      startedAt: time(),
      endedAt: endAfter('endedAt', 'startedAt'),
      durationMs: atLeast('durationMs', 0, 'BIGINT'),
      bytes: atLeast('bytes', 0, 'BIGINT'),
      lostMs: atLeast('lostMs', 0, 'BIGINT'),
      state: oneOf('state', ['recording', 'complete', 'broken', 'failed']),
    },
  ],
  ['meta', { key: id(), value: text() }],
];

const indexes: [table: string, columns: string[]][] = [
  ['sessions', ['userId']],
  ['sessions', ['expiresAt']],
  ['routes', ['flowId']],
  ['agentSegments', ['agentId', 'startedAt']],
  ['agentSegments', ['startedAt']],
  ['calls', ['state', 'id']],
  ['calls', ['startedAt']],
  ['calls', ['agentId', 'id']],
  ['segments', ['callId', 'startedAt']],
  ['segments', ['kind', 'startedAt']],
  ['recordings', ['callId']],
  ['recordings', ['state']],
];

export const firstTables: Migration = {
  name: '0001-first-tables',
  async up({ queryInterface, transaction }) {
    for (const [table, columns] of tables()) await queryInterface.createTable(table, columns, { transaction });
    for (const [table, columns] of indexes) {
      await queryInterface.addIndex(table, columns, { transaction, name: `${table}_${columns.join('_')}` });
    }
  },
  async down({ queryInterface, transaction }) {
    for (const [table] of tables().reverse()) await queryInterface.dropTable(table, { transaction });
  },
};
