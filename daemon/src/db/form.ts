// Which form a database file has, without opening it as the box does: for whoever has to choose between files.
import sqlite3 from 'sqlite3';
import { migrations } from './migrations/index.js';

/** Steps that a file has and this version does not know; empty: this version can open it. Rejects when it is no database. */
export async function unknownSteps(file: string): Promise<string[]> {
  const known = new Set(migrations.map(({ name }) => name));
  return (await stepsOf(file)).filter((name) => !known.has(name));
}

function stepsOf(file: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const db = new sqlite3.Database(file, sqlite3.OPEN_READONLY, (openError) => {
      if (openError !== null) return reject(openError);
      db.all('SELECT name FROM migrations ORDER BY name', (error: Error | null, rows: { name: string }[]) => {
        db.close(() => (error === null ? resolve(rows.map(({ name }) => name)) : reject(error)));
      });
    });
  });
}
