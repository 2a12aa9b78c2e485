// Reports: figures rolled up by quarter of an hour and by day, what has been booked into them, schedules and what was sent; and
// the indexes that call records are searched by.
import type { Migration } from './migration.js';

const sums = (...columns: string[]): string =>
  columns.map((column) => `"${column}" BIGINT NOT NULL DEFAULT 0`).join(', ');
const keys = (...columns: string[]): string => columns.map((column) => `"${column}" VARCHAR(64) NOT NULL`).join(', ');
const rolled = (table: string, own: string[], counted: string): string =>
  `CREATE TABLE "${table}" ("span" VARCHAR(8) NOT NULL, "at" BIGINT NOT NULL, ${keys(...own)}, ${counted},
    PRIMARY KEY ("span", "at", ${own.map((column) => `"${column}"`).join(', ')}))`;

const up = [
  // How far a call is booked: 0 not at all, 1 as it came in, 2 whole.
  'ALTER TABLE "calls" ADD COLUMN "reported" INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE "calls" ADD COLUMN "trunk" VARCHAR(64)',
  'ALTER TABLE "agentSegments" ADD COLUMN "reported" INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE "agentSegments" ADD COLUMN "callId" VARCHAR(40)',
  'CREATE INDEX "calls_unreported" ON "calls" ("id") WHERE "reported" < 2',
  'CREATE INDEX "agentSegments_unreported" ON "agentSegments" ("id") WHERE "reported" = 0',
  'CREATE INDEX "agentSegments_callId" ON "agentSegments" ("callId") WHERE "callId" IS NOT NULL',
  'CREATE INDEX "agentSegments_open" ON "agentSegments" ("agentId") WHERE "endedAt" IS NULL',
  'CREATE INDEX "calls_callingNumber_id" ON "calls" ("callingNumber", "id")',
  'CREATE INDEX "calls_calledNumber_id" ON "calls" ("calledNumber", "id")',
  'CREATE INDEX "calls_queueId_id" ON "calls" ("queueId", "id")',
  'CREATE INDEX "calls_trunk_id" ON "calls" ("trunk", "id") WHERE "trunk" IS NOT NULL',
  rolled(
    'reportQueues',
    ['queueId'],
    sums(
      ...[
        'offered',
        'answered',
        'answeredInTime',
        'abandoned',
        'abandonedInTime',
        'shortAbandoned',
        'callbacks',
        'left',
      ],
      ...['waitMs', 'abandonWaitMs', 'longestWaitMs', 'handled', 'talkMs', 'holdMs', 'wrapUpMs', 'transferred'],
    ),
  ),
  rolled(
    'reportAgents',
    ['agentId'],
    sums(
      ...['offered', 'answered', 'missed', 'handled', 'talkMs', 'holdMs', 'wrapUpMs', 'transferred'],
      ...['readyMs', 'ringingMs', 'talkingMs', 'wrappingMs', 'notReadyMs'],
    ),
  ),
  rolled(
    'reportTrunks',
    ['trunk'],
    sums('seizedIn', 'answeredIn', 'seizedOut', 'answeredOut', 'lost', 'usedMs', 'talkMs'),
  ),
  rolled('reportPaths', ['flowId', 'node', 'exit'], sums('visits', 'ms')),
  rolled('reportReasons', ['agentId', 'reason'], sums('times', 'ms')),
  `CREATE TABLE "reportSchedules" ("id" VARCHAR(40) PRIMARY KEY NOT NULL, "name" TEXT NOT NULL, "definition" JSON NOT NULL,
    "enabled" BOOLEAN NOT NULL, "nextAt" BIGINT, "createdBy" TEXT NOT NULL, "updatedAt" BIGINT NOT NULL)`,
  `CREATE TABLE "reportRuns" ("id" VARCHAR(40) PRIMARY KEY NOT NULL, "scheduleId" VARCHAR(40) NOT NULL
    REFERENCES "reportSchedules" ("id") ON DELETE CASCADE ON UPDATE CASCADE, "dueAt" BIGINT NOT NULL, "at" BIGINT NOT NULL,
    "state" VARCHAR(16) NOT NULL, "fromMs" BIGINT NOT NULL, "toMs" BIGINT NOT NULL, "error" TEXT, "mails" JSON NOT NULL)`,
  'CREATE INDEX "reportRuns_scheduleId_id" ON "reportRuns" ("scheduleId", "id")',
];

const down = [
  ...[
    'reportRuns',
    'reportSchedules',
    'reportReasons',
    'reportPaths',
    'reportTrunks',
    'reportAgents',
    'reportQueues',
  ].map((table) => `DROP TABLE "${table}"`),
  ...['calls_unreported', 'calls_callingNumber_id', 'calls_calledNumber_id', 'calls_queueId_id', 'calls_trunk_id'].map(
    (index) => `DROP INDEX "${index}"`,
  ),
  ...['agentSegments_unreported', 'agentSegments_callId', 'agentSegments_open'].map((index) => `DROP INDEX "${index}"`),
  ...['callId', 'reported'].map((column) => `ALTER TABLE "agentSegments" DROP COLUMN "${column}"`),
  ...['trunk', 'reported'].map((column) => `ALTER TABLE "calls" DROP COLUMN "${column}"`),
];

export const reports: Migration = {
  name: '0022-reports',
  async up({ queryInterface, transaction }) {
    for (const sql of up) await queryInterface.sequelize.query(sql, { transaction });
  },
  async down({ queryInterface, transaction }) {
    for (const sql of down) await queryInterface.sequelize.query(sql, { transaction });
  },
};
