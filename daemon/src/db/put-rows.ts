// The rows of calls on the way to the disk: many sets of them at once, with one statement a table.
import type { RowSet } from './database.js';
import type { Models } from './models.js';
import { putSql, removeSql, runOn } from './sqlite.js';

type PutTable = Exclude<keyof RowSet, 'sipDialogsGone'>;

/** In this order: the others refer to calls. With the columns that may change; the others stay as they were put first. */
const tables: readonly [PutTable, changing: readonly string[]][] = [
  [
    'calls',
    [
      ...['direction', 'state', 'answeredAt', 'endedAt', 'callingNumber', 'callingName', 'calledNumber', 'span', 'timeslot'],
      ...['flowId', 'queueId', 'agentId', 'digits', 'cause', 'releasedBy'],
    ],
  ],
  ['segments', ['endedAt', 'data']],
  ['recordings', ['endedAt', 'durationMs', 'bytes', 'lostMs', 'state']],
  ['streams', []],
  ['sipDialogs', ['since', 'state']],
];

/** Of rows with the same id the last one counts. */
class Gathered {
  readonly puts = new Map<PutTable, Map<string, object>>();
  readonly dialogsGone = new Set<string>();

  add(set: RowSet): void {
    for (const [table] of tables) {
      for (const row of set[table] ?? []) {
        let rows = this.puts.get(table);
        if (rows === undefined) this.puts.set(table, (rows = new Map()));
        rows.set(row.id, row);
        if (table === 'sipDialogs') this.dialogsGone.delete(row.id);
      }
    }
    for (const id of set.sipDialogsGone ?? []) {
      this.puts.get('sipDialogs')?.delete(id);
      this.dialogsGone.add(id);
    }
  }
}

/** Returns what puts sets of rows on this connection; it rejects with what SQLite said of the first that it did not take. */
export function rowPutter(models: Models, connection: unknown): (sets: readonly RowSet[]) => Promise<void> {
  const statements = tables.map(([table, changing]) => {
    const columns = Object.keys((models[table] as typeof models.calls).getAttributes());
    return { table, columns, sql: putSql(table, 'id', columns, changing) };
  });
  const remove = removeSql('sipDialogs', 'id');

  return async (sets) => {
    const gathered = new Gathered();
    for (const set of sets) gathered.add(set);
    const running: Promise<void>[] = [];
    // Given all at once: the connection takes them one after the other.
    for (const { table, columns, sql } of statements) {
      const rows = gathered.puts.get(table);
      if (rows === undefined || rows.size === 0) continue;
      const values = Array.from(rows.values(), (row) => columns.map((column) => (row as Record<string, unknown>)[column]));
      running.push(runOn(connection, sql, [JSON.stringify(values)]));
    }
    if (gathered.dialogsGone.size > 0)
      running.push(runOn(connection, remove, [JSON.stringify([...gathered.dialogsGone])]));
    for (const result of await Promise.allSettled(running)) if (result.status === 'rejected') throw result.reason;
  };
}
