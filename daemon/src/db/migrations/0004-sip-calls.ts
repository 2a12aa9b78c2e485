// How well a call was heard over IP, leg by leg; and the dialogs of SIP that a daemon which was killed has to end.
import { DataTypes, type ModelAttributes } from 'sequelize';
import type { Migration } from './migration.js';

// Functions, because Sequelize writes the column's name into the object it is given.
const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const time = () => ({ type: DataTypes.BIGINT, allowNull: false });
const json = () => ({ type: DataTypes.JSON, allowNull: false });
const id = () => ({ type: DataTypes.STRING(40), primaryKey: true, allowNull: false });

/** A count or a time that is not below zero. */
function amount(column: string, allowNull = false) {
  return { type: `BIGINT CHECK ("${column}" >= 0)`, allowNull };
}

/** MOS, of 1 to 5 (P.800.1); NULL: nothing was heard. */
function opinion(column: string) {
  return { type: `DOUBLE PRECISION CHECK ("${column}" BETWEEN 1 AND 5)`, allowNull: true };
}

const tables = (): [name: string, columns: ModelAttributes][] => [
  [
    'streams',
    {
      id: id(),
      callId: {
        type: DataTypes.STRING(40),
        allowNull: false,
        references: { model: 'calls', key: 'id' },
        onDelete: 'CASCADE',
        onUpdate: 'CASCADE',
      },
      role: { type: `TEXT CHECK ("role" IN ('caller', 'agent', 'callee'))`, allowNull: false },
      station: { type: DataTypes.INTEGER, allowNull: true },
      trunk: { type: DataTypes.TEXT, allowNull: true },
      codec: text(),
      encrypted: { type: DataTypes.BOOLEAN, allowNull: false },
      startedAt: time(),
      endedAt: { type: 'BIGINT CHECK ("endedAt" >= "startedAt")', allowNull: false },
      packetsSent: amount('packetsSent'),
      packetsReceived: amount('packetsReceived'),
      lost: amount('lost'),
      late: amount('late'),
      jitterMs: amount('jitterMs'),
      bufferMs: amount('bufferMs'),
      concealedMs: amount('concealedMs'),
      roundTripMs: amount('roundTripMs', true),
      remoteLost: amount('remoteLost', true),
      remoteJitterMs: amount('remoteJitterMs', true),
      mosReceived: opinion('mosReceived'),
      mosSent: opinion('mosSent'),
    },
  ],
  [
    'sipDialogs',
    {
      id: { type: DataTypes.TEXT, primaryKey: true, allowNull: false },
      since: time(),
      state: json(),
    },
  ],
];

export const sipCalls: Migration = {
  name: '0004-sip-calls',
  async up({ queryInterface, transaction }) {
    for (const [table, columns] of tables()) await queryInterface.createTable(table, columns, { transaction });
    for (const columns of [['callId'], ['startedAt']])
      await queryInterface.addIndex('streams', columns, { transaction, name: `streams_${columns.join('_')}` });
  },
  async down({ queryInterface, transaction }) {
    for (const [table] of tables().reverse()) await queryInterface.dropTable(table, { transaction });
  },
};
