// Tables that others follow.
import type { Table } from './table.js';

export interface Announced<Row, Key> {
  insert(row: Row): Promise<void>;
  /** false: there is no such row */
  update(key: Key, patch: object): Promise<boolean>;
  remove(key: Key): Promise<boolean>;
}

/** How rows are written, `changed` being told of each that was put in, changed or removed. */
export function announced<Row extends object, Key extends string | number>(
  table: Table<Row>,
  keyOf: (row: Row) => Key,
  changed: (key: Key, removed: boolean) => void,
): Announced<Row, Key> {
  const told = (done: boolean, key: Key, removed: boolean): boolean => {
    if (done) changed(key, removed);
    return done;
  };
  return {
    async insert(row) {
      await table.insert(row);
      changed(keyOf(row), false);
    },
    update: async (key, patch) => told(await table.update(key, patch), key, false),
    remove: async (key) => told(await table.remove(key), key, true),
  };
}
