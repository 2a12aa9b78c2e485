// A look into the file of a database that is not in use, such as a copy: is it whole, and how much is in it.
import sqlite3 from 'sqlite3';

export interface InspectedDatabase {
  /** what is wrong with its pages and indexes; undefined: nothing, or it was not asked */
  problem: string | undefined;
  /** rows by table */
  counts: Record<string, number>;
}

/** Opens it for reading alone. `check`: reads every page, which takes a minute for some GB. Rejects when it is no database. */
export async function inspectDatabase(file: string, check: boolean): Promise<InspectedDatabase> {
  const connection = await new Promise<sqlite3.Database>((resolve, reject) => {
    const opened: sqlite3.Database = new sqlite3.Database(file, sqlite3.OPEN_READONLY, (error) =>
      error === null ? resolve(opened) : reject(error),
    );
  });
  const all = <T>(sql: string): Promise<T[]> =>
    new Promise((resolve, reject) =>
      connection.all<T>(sql, (error, rows) => (error === null ? resolve(rows) : reject(error))),
    );
  try {
    let problem: string | undefined;
    if (check) {
      const rows = await all<{ integrity_check: string }>('PRAGMA integrity_check(3)');
      problem = rows.map((row) => row.integrity_check).find((text) => text !== 'ok');
    }
    const counts: Record<string, number> = {};
    const tables = await all<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    );
    for (const { name } of tables) {
      const [row] = await all<{ rows: number }>(`SELECT COUNT(*) AS rows FROM "${name.replaceAll('"', '""')}"`);
      counts[name] = row?.rows ?? 0;
    }
    return { problem, counts };
  } finally {
    await new Promise<void>((resolve) => connection.close(() => resolve()));
  }
}
