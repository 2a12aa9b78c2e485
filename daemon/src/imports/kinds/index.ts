import type { ImportKind } from '../../contract/index.js';
import type { Table } from '../table.js';
import { agentsTable } from './agents.js';
import { numberListTable } from './number-list.js';
import { queueMembersTable } from './queue-members.js';
import { sipStationsTable } from './sip-stations.js';
import { speedDialsTable } from './speed-dials.js';
import { usersTable } from './users.js';

/** Every kind of thing that goes in and out as a file. */
export const TABLES: Readonly<Record<ImportKind, Table>> = {
  agents: agentsTable,
  'queue-members': queueMembersTable,
  'number-list': numberListTable,
  'sip-stations': sipStationsTable,
  'speed-dials': speedDialsTable,
  users: usersTable,
};
