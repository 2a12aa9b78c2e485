// Telephones and trunks that speak SIP, ways out, groups of telephones; the direction of a call.
import { DataTypes, type ModelAttributes } from 'sequelize';
import type { Migration, MigrationContext } from './migration.js';

// Functions, because Sequelize writes the column's name into the object it is given.
const text = () => ({ type: DataTypes.TEXT, allowNull: false });
const time = () => ({ type: DataTypes.BIGINT, allowNull: false });
const json = () => ({ type: DataTypes.JSON, allowNull: false });
const flag = () => ({ type: DataTypes.BOOLEAN, allowNull: false });
const id = () => ({ type: DataTypes.STRING(40), primaryKey: true, allowNull: false });

/** Text that is one of these. */
function oneOf(column: string, values: readonly string[]) {
  const list = values.map((value) => `'${value}'`).join(', ');
  return { type: `TEXT CHECK ("${column}" IN (${list}))`, allowNull: false };
}

function between(column: string, least: number, most: number) {
  return { type: `INTEGER CHECK ("${column}" BETWEEN ${least} AND ${most})`, allowNull: false };
}

/** Hexadecimal digits, so many. */
function digestOf(column: string, length: number) {
  return { type: `TEXT CHECK (length("${column}") = ${length})`, allowNull: false };
}

const extension = () => ({ type: DataTypes.INTEGER, primaryKey: true, allowNull: false });
/** Beside it, because Sequelize drops the CHECK of an integer that is a primary key. */
const nameOfExtension = () => ({ type: 'TEXT CHECK ("number" BETWEEN 1000 AND 99999999)', allowNull: false });
const dtmf = () => oneOf('dtmf', ['auto', 'rfc4733', 'inband', 'info']);
const srtp = () => oneOf('srtp', ['none', 'offered', 'required']);

const tables = (): [name: string, columns: ModelAttributes][] => [
  [
    'sipStations',
    {
      number: extension(),
      name: nameOfExtension(),
      language: oneOf('language', ['zh-CN', 'en']),
      realm: text(),
      ha1Md5: digestOf('ha1Md5', 32),
      ha1Sha256: digestOf('ha1Sha256', 64),
      security: oneOf('security', ['any', 'tls']),
      srtp: {
        type: `TEXT CHECK ("srtp" IN ('none', 'offered', 'required')) CHECK ("security" <> 'tls' OR "srtp" = 'required')`,
        allowNull: false,
      },
      codecs: json(),
      dtmf: dtmf(),
      digest: json(),
      maxContacts: between('maxContacts', 1, 10),
      maxCalls: between('maxCalls', 1, 100),
      callingNumber: text(),
      allowedClasses: json(),
      enabled: flag(),
      createdAt: time(),
    },
  ],
  [
    'trunks',
    {
      id: id(),
      name: text(),
      kind: oneOf('kind', ['e1', 'sip']),
      spans: json(),
      mode: oneOf('mode', ['register', 'address']),
      hosts: json(),
      username: text(),
      secret: text(),
      fromUser: text(),
      fromDomain: text(),
      expiresS: between('expiresS', 60, 86_400),
      codecs: json(),
      dtmf: dtmf(),
      srtp: srtp(),
      tlsFingerprint: text(),
      sources: json(),
      maxCalls: between('maxCalls', 1, 10_000),
      optionsIntervalS: between('optionsIntervalS', 0, 3600),
      numberRulesIn: json(),
      numberRulesOut: json(),
      numberFormat: oneOf('numberFormat', ['dialled', 'e164', 'plus']),
      callerId: oneOf('callerId', ['pass', 'fixed', 'anonymous']),
      fixedNumber: text(),
      callerIdHeader: oneOf('callerIdHeader', ['from', 'pai', 'rpid']),
      enabled: flag(),
    },
  ],
  [
    'outboundRoutes',
    {
      id: id(),
      name: text(),
      pattern: text(),
      priority: between('priority', 0, 9999),
      trunks: json(),
      strip: between('strip', 0, 24),
      prepend: text(),
      emergency: flag(),
      enabled: flag(),
    },
  ],
  [
    'ringGroups',
    {
      number: extension(),
      name: nameOfExtension(),
      stations: json(),
      strategy: oneOf('strategy', ['all', 'sequence']),
      ringTimeoutMs: between('ringTimeoutMs', 1000, 300_000),
    },
  ],
  [
    'sipBindings',
    {
      stationNumber: {
        type: DataTypes.INTEGER,
        allowNull: false,
        primaryKey: true,
        references: { model: 'sipStations', key: 'number' },
        onDelete: 'CASCADE',
        onUpdate: 'RESTRICT',
      },
      position: { ...between('position', 0, 99), primaryKey: true },
      contact: text(),
      path: json(),
      instance: text(),
      regId: { type: 'INTEGER CHECK ("regId" >= 0)', allowNull: false },
      receivedHost: text(),
      receivedPort: between('receivedPort', 0, 65_535),
      transport: text(),
      callId: text(),
      cseq: time(),
      expiresAt: time(),
      q: between('q', 0, 1000),
      userAgent: text(),
    },
  ],
  [
    'sipBans',
    {
      address: { type: DataTypes.STRING(60), primaryKey: true, allowNull: false },
      reason: text(),
      since: time(),
      until: { type: 'BIGINT CHECK ("until" >= "since")', allowNull: false },
      count: { type: 'INTEGER CHECK ("count" >= 1)', allowNull: false },
    },
  ],
];

const KINDS_BEFORE = [
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
] as const;

/** A CHECK cannot be changed: the rows move to a table with another one. No table refers to this one. */
async function rebuildSegments(kind: ModelAttributes[string], { queryInterface, transaction }: MigrationContext) {
  const columns: ModelAttributes = {
    id: id(),
    callId: {
      type: DataTypes.STRING(40),
      allowNull: false,
      references: { model: 'calls', key: 'id' },
      onDelete: 'CASCADE',
      onUpdate: 'RESTRICT',
    },
    kind,
    startedAt: time(),
    endedAt: { type: 'BIGINT CHECK ("endedAt" >= "startedAt")', allowNull: true },
    data: json(),
  };
  await queryInterface.createTable('segmentsMoved', columns, { transaction });
  const names = '"id", "callId", "kind", "startedAt", "endedAt", "data"';
  await queryInterface.sequelize.query(`INSERT INTO "segmentsMoved" (${names}) SELECT ${names} FROM "segments"`, {
    transaction,
  });
  await queryInterface.dropTable('segments', { transaction });
  await queryInterface.renameTable('segmentsMoved', 'segments', { transaction });
  for (const index of [
    ['callId', 'startedAt'],
    ['kind', 'startedAt'],
  ]) {
    await queryInterface.addIndex('segments', index, { transaction, name: `segments_${index.join('_')}` });
  }
}

export const lines: Migration = {
  name: '0002-lines',
  async up(context) {
    const { queryInterface, transaction } = context;
    for (const [table, columns] of tables()) await queryInterface.createTable(table, columns, { transaction });
    await queryInterface.addColumn(
      'calls',
      'direction',
      { ...oneOf('direction', ['in', 'out', 'internal']), defaultValue: 'in' },
      { transaction },
    );
    // Any kind from now on: this is the largest table there is, and every version brings new kinds.
    await rebuildSegments({ type: `TEXT CHECK ("kind" <> '')`, allowNull: false }, context);
  },
  async down(context) {
    const { queryInterface, transaction } = context;
    const known = KINDS_BEFORE.map((kind) => `'${kind}'`).join(', ');
    const { sequelize } = queryInterface;
    await sequelize.query(`DELETE FROM "segments" WHERE "kind" NOT IN (${known})`, { transaction });
    await rebuildSegments(oneOf('kind', KINDS_BEFORE), context);
    // Not removeColumn: for SQLite Sequelize would copy the table and lose its CHECKs.
    await sequelize.query('ALTER TABLE "calls" DROP COLUMN "direction"', { transaction });
    for (const [table] of tables().reverse()) await queryInterface.dropTable(table, { transaction });
  },
};
