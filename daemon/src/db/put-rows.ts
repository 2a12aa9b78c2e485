// The rows of calls on the way to the disk: many sets of them at once, as one text of SQL with a statement a table.
import type { RowSet } from './database.js';
import type { Models } from './models.js';
import { putSql, removeSql } from './sqlite.js';

type PutTable = Exclude<keyof RowSet, 'sipDialogsGone'>;

/** In this order: the others refer to calls. With the columns that may change; the others stay as they were put first. */
const tables: readonly [PutTable, changing: readonly string[]][] = [
  [
    'calls',
    [
      ...[
        'direction',
        'state',
        'answeredAt',
        'endedAt',
        'callingNumber',
        'callingName',
        'calledNumber',
        'origin',
        'treatment',
        'span',
        'timeslot',
      ],
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

/** Returns what makes the text that puts sets of rows; an empty one when there are none. */
export function rowScript(models: Models): (sets: readonly RowSet[]) => string {
  const statements = tables.map(([table, changing]) => {
    const columns = Object.keys((models[table] as typeof models.calls).getAttributes());
    return { table, columns, put: putSql(table, 'id', columns, changing) };
  });

  return (sets) => {
    const gathered = new Gathered();
    for (const set of sets) gathered.add(set);
    const script: string[] = [];
    for (const { table, columns, put } of statements) {
      const rows = gathered.puts.get(table);
      if (rows === undefined || rows.size === 0) continue;
      script.push(
        put(Array.from(rows.values(), (row) => columns.map((column) => (row as Record<string, unknown>)[column]))),
      );
    }
    if (gathered.dialogsGone.size > 0) script.push(removeSql('sipDialogs', 'id', [...gathered.dialogsGone]));
    return script.join(';');
  };
}
