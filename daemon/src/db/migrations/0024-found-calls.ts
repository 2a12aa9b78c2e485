// What calls are looked for by among millions: every number that was ever seen, once; what calls came to, in the order of the calls; calls
// that did not come in, and those that a fault ended.
import type { Migration } from './migration.js';

const numbers = ['callingNumber', 'calledNumber'];
/** A caller's number stands when his row comes; what he dials may grow. */
const triggers = {
  calls_numbers: 'AFTER INSERT ON "calls"',
  calls_calledNumber_changed: 'AFTER UPDATE OF "calledNumber" ON "calls" WHEN NEW."calledNumber" <> OLD."calledNumber"',
};

const up = [
  'CREATE TABLE "callNumbers" ("number" TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID',
  ...numbers.map((column) => `INSERT OR IGNORE INTO "callNumbers" SELECT DISTINCT "${column}" FROM "calls"`),
  ...Object.entries(triggers).map(
    ([name, when]) => `CREATE TRIGGER "${name}" ${when} BEGIN
      INSERT INTO "callNumbers" VALUES (NEW."callingNumber"), (NEW."calledNumber") ON CONFLICT DO NOTHING; END`,
  ),
  'CREATE INDEX "callNotes_disposition_callId" ON "callNotes" ("disposition", "callId")',
  `CREATE INDEX "calls_direction_id" ON "calls" ("direction", "id") WHERE "direction" <> 'in'`,
  `CREATE INDEX "calls_fault" ON "calls" ("id") WHERE "releasedBy" = 'fault'`,
];

const down = [
  ...['calls_fault', 'calls_direction_id', 'callNotes_disposition_callId'].map((index) => `DROP INDEX "${index}"`),
  ...Object.keys(triggers).map((name) => `DROP TRIGGER "${name}"`),
  'DROP TABLE "callNumbers"',
];

export const foundCalls: Migration = {
  name: '0024-found-calls',
  async up({ queryInterface, transaction }) {
    for (const sql of up) await queryInterface.sequelize.query(sql, { transaction });
  },
  async down({ queryInterface, transaction }) {
    for (const sql of down) await queryInterface.sequelize.query(sql, { transaction });
  },
};
