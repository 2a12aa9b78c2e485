// What becomes of recordings: rules, pauses, encryption at rest, the chain of digests, retention, and who listened; mail on
// its way out; voice messages.
import { DataTypes, type ModelAttributes } from 'sequelize';
import type { Migration } from './migration.js';

// Functions, because Sequelize writes the column's name into the object it is given.
const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const textOrNull = () => ({ type: DataTypes.TEXT, allowNull: true });
const time = () => ({ type: DataTypes.BIGINT, allowNull: false });
const timeOrNull = () => ({ type: DataTypes.BIGINT, allowNull: true });
const integer = () => ({ type: DataTypes.INTEGER, allowNull: false });
const id = () => ({ type: DataTypes.STRING(40), primaryKey: true, allowNull: false });
const amount = (column: string) => ({ type: `BIGINT CHECK ("${column}" >= 0)`, allowNull: false });
const oneOf = (column: string, values: readonly string[]) => ({
  type: `TEXT CHECK ("${column}" IN (${values.map((value) => `'${value}'`).join(', ')}))`,
  allowNull: false,
});
const ofRecording = () => ({ model: 'recordings', key: 'id' });
const cascade = { onDelete: 'CASCADE', onUpdate: 'CASCADE' };

const tables = (): [name: string, columns: ModelAttributes][] => [
  [
    'recordingRules',
    {
      id: id(),
      position: integer(),
      name: text(),
      enabled: { type: DataTypes.BOOLEAN, allowNull: false },
      match: { type: DataTypes.JSON, allowNull: false },
      action: oneOf('action', ['record', 'never', 'onDemand']),
      percentage: { type: 'DOUBLE PRECISION CHECK ("percentage" BETWEEN 0 AND 100)', allowNull: false },
    },
  ],
  [
    'retentionRules',
    {
      id: id(),
      position: integer(),
      name: text(),
      queueId: textOrNull(),
      direction: textOrNull(),
      keepDays: { type: DataTypes.INTEGER, allowNull: true },
      maxBytes: timeOrNull(),
    },
  ],
  [
    'storedRecordings',
    {
      id: { ...id(), references: ofRecording(), ...cascade },
      path: { ...text(), unique: true },
      digest: text(),
      bytes: amount('bytes'),
      sealedAt: time(),
      peaks: textOrNull(),
    },
  ],
  [
    'recordingParts',
    {
      id: id(),
      recordingId: { type: DataTypes.STRING(40), allowNull: false, references: ofRecording(), ...cascade },
      path: { ...text(), unique: true },
      offsetMs: amount('offsetMs'),
      durationMs: amount('durationMs'),
      bytes: amount('bytes'),
      state: oneOf('state', ['recording', 'complete', 'broken', 'failed']),
    },
  ],
  [
    'recordingMarks',
    {
      id: id(),
      recordingId: { type: DataTypes.STRING(40), allowNull: false, references: ofRecording(), ...cascade },
      kind: oneOf('kind', ['pause']),
      fromMs: amount('fromMs'),
      toMs: timeOrNull(),
      by: text(),
    },
  ],
  [
    'recordingHolds',
    { id: { ...id(), references: ofRecording(), ...cascade }, reason: text(), by: text(), at: time() },
  ],
  // The rest outlives the recordings.
  [
    'recordingChain',
    {
      seq: { type: DataTypes.BIGINT, primaryKey: true, allowNull: false },
      at: time(),
      kind: oneOf('kind', ['stored', 'removed']),
      recordingId: text(),
      path: text(),
      digest: text(),
      hash: text(),
    },
  ],
  ['recordingLeftovers', { path: { type: DataTypes.TEXT, primaryKey: true, allowNull: false } }],
  [
    'recordingAccesses',
    { id: id(), recordingId: text(), at: time(), by: text(), from: text(), what: text(), detail: text() },
  ],
  [
    'recordingDeletions',
    {
      id: id(),
      recordingId: text(),
      callId: text(),
      startedAt: time(),
      durationMs: amount('durationMs'),
      bytes: amount('bytes'),
      at: time(),
      by: text(),
      reason: text(),
    },
  ],
  [
    'outgoingMail',
    {
      id: id(),
      state: oneOf('state', ['waiting', 'sent', 'dead']),
      to: text(),
      subject: text(),
      text: text(),
      /** JSON: names, types and paths of files */
      attachments: { type: DataTypes.JSON, allowNull: false },
      messageId: text(),
      createdAt: time(),
      attempts: integer(),
      nextAt: time(),
      sentAt: timeOrNull(),
      lastError: textOrNull(),
    },
  ],
  [
    'voicemailBoxes',
    {
      id: id(),
      name: text(),
      kind: oneOf('kind', ['agent', 'group', 'queue', 'number']),
      number: { ...textOrNull(), unique: true },
      agents: { type: DataTypes.JSON, allowNull: false },
      queueId: textOrNull(),
      stations: { type: DataTypes.JSON, allowNull: false },
      language: text(),
      greetings: { type: DataTypes.JSON, allowNull: false },
      maxMessages: integer(),
      maxMessageMs: integer(),
      keepDays: { type: DataTypes.INTEGER, allowNull: true },
      email: textOrNull(),
      emailAudio: { type: DataTypes.BOOLEAN, allowNull: false },
      pinHash: textOrNull(),
      failedPins: integer(),
      lockedUntil: time(),
    },
  ],
  [
    'voiceMessages',
    {
      id: id(),
      boxId: {
        type: DataTypes.STRING(40),
        allowNull: false,
        references: { model: 'voicemailBoxes', key: 'id' },
        onDelete: 'RESTRICT',
        onUpdate: 'CASCADE',
      },
      callId: textOrNull(),
      callingNumber: text(),
      receivedAt: time(),
      durationMs: amount('durationMs'),
      state: oneOf('state', ['recording', 'new', 'read', 'handled']),
      changedBy: textOrNull(),
    },
  ],
];

const indexes: [table: string, columns: string[]][] = [
  ['recordings', ['startedAt']],
  ['recordingParts', ['recordingId']],
  ['recordingMarks', ['recordingId']],
  ['recordingChain', ['recordingId']],
  ['recordingAccesses', ['recordingId', 'at']],
  ['outgoingMail', ['state', 'nextAt']],
  ['voiceMessages', ['boxId', 'state']],
];

export const recordings: Migration = {
  name: '0011-recordings',
  async up({ queryInterface, transaction }) {
    for (const [table, columns] of tables()) await queryInterface.createTable(table, columns, { transaction });
    for (const [table, columns] of indexes)
      await queryInterface.addIndex(table, columns, { transaction, name: `${table}_${columns.join('_')}` });
  },
  async down({ queryInterface, transaction }) {
    await queryInterface.removeIndex('recordings', 'recordings_startedAt', { transaction });
    for (const [table] of tables().reverse()) await queryInterface.dropTable(table, { transaction });
  },
};
