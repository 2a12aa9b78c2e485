import { firstTables } from './0001-first-tables.js';
import { lines } from './0002-lines.js';
import { callee } from './0003-callee.js';
import { sipCalls } from './0004-sip-calls.js';
import { trunkRefer } from './0005-trunk-refer.js';
import { trunkCallers } from './0006-trunk-callers.js';
import { trunkDiversion } from './0007-trunk-diversion.js';
import { queueRouting } from './0008-queue-routing.js';
import { flowVersions } from './0009-flow-versions.js';
import { routing } from './0010-routing.js';
import { recordings } from './0011-recordings.js';
import { callbacks } from './0012-callbacks.js';
import { voice } from './0013-voice.js';
import { conferences } from './0014-conferences.js';
import { desk } from './0015-desk.js';
import { surveys } from './0017-surveys.js';
import { queueMusic } from './0018-queue-music.js';
import { access } from './0019-access.js';
import { contacts } from './0020-contacts.js';
import { floor } from './0021-floor.js';
import { reports } from './0022-reports.js';
import { openRows } from './0023-open-rows.js';
import { foundCalls } from './0024-found-calls.js';
import { deskWork } from './0026-desk-work.js';
import { announcementNames } from './0028-announcement-names.js';
import { lateStates } from './0029-late-states.js';
import { fxoTrunks } from './0030-fxo-trunks.js';
import { phones } from './0033-phones.js';
import { alerts } from './0034-alerts.js';
import type { Migration } from './migration.js';

export type { Migration, MigrationContext } from './migration.js';

/** In order; new ones at the end. */
export const migrations: readonly Migration[] = [
  firstTables,
  lines,
  callee,
  sipCalls,
  trunkRefer,
  trunkCallers,
  trunkDiversion,
  queueRouting,
  flowVersions,
  routing,
  recordings,
  callbacks,
  voice,
  conferences,
  desk,
  surveys,
  queueMusic,
  access,
  contacts,
  floor,
  reports,
  openRows,
  foundCalls,
  deskWork,
  announcementNames,
  lateStates,
  fxoTrunks,
  phones,
  alerts,
];
