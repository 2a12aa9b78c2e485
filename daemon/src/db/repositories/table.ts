// What all repositories have in common: one table, its rows as plain data, and within a work of the writer the transaction.
import {
  ForeignKeyConstraintError,
  UniqueConstraintError,
  type FindOptions,
  type Model,
  type ModelStatic,
  type QueryInterface,
  type Transaction,
  type WhereOptions,
} from 'sequelize';
import { AppError } from '../../platform/index.js';
import type { DbEvents } from '../database.js';
import type { WriterContext } from '../writer.js';

/** Publishes after COMMIT. */
export type Publish = <E extends keyof DbEvents>(event: E, data: DbEvents[E]) => void;

/** Where a repository reads and writes: beside the writer, or within one of its works. */
export interface Scope {
  /** undefined: beside, reading only */
  readonly transaction: Transaction | undefined;
  readonly context: WriterContext | undefined;
  readonly publish: Publish;
}

// Sequelize's types of a model's attributes cannot be carried through a generic class; rows are typed at this boundary.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyModel = ModelStatic<Model<any, any>>;

type Key = string | number;

export interface TableOptions<Row> {
  /** name of the primary key; default id */
  key?: string;
  /** columns that hold JSON */
  json?: readonly (keyof Row & string)[];
  /** columns that PostgreSQL returns as text because they are 64 bits wide */
  wide?: readonly (keyof Row & string)[];
  /** columns that hold a boolean, which SQLite returns as 0 or 1 */
  flags?: readonly (keyof Row & string)[];
  /** the sentence for a row that clashes with another */
  duplicate?: (row: Partial<Row>) => AppError;
}

export class Table<Row extends object> {
  readonly #model: AnyModel;
  readonly #scope: Scope;
  readonly #options: TableOptions<Row>;
  readonly #key: string;

  constructor(model: AnyModel, scope: Scope, options: TableOptions<Row> = {}) {
    this.#model = model;
    this.#scope = scope;
    this.#options = options;
    this.#key = options.key ?? 'id';
  }

  async find(key: Key): Promise<Row | null> {
    return this.first({ [this.#key]: key });
  }

  async first(where: WhereOptions): Promise<Row | null> {
    const rows = await this.all({ where, limit: 1 });
    return rows[0] ?? null;
  }

  async all(options: FindOptions = {}): Promise<Row[]> {
    const found = await this.#model.findAll({ ...options, raw: true, transaction: this.#use() });
    return (found as unknown as Row[]).map((row) => this.#read(row));
  }

  async count(where: WhereOptions): Promise<number> {
    return this.#model.count({ where, transaction: this.#use() });
  }

  async insert(row: Row): Promise<void> {
    const { queryInterface, tableName } = this.#raw();
    try {
      // Not model.create: an instance with hooks and validators for every row costs more than SQLite takes to store it.
      await queryInterface.insert(null, tableName, this.#stored(row), this.#write());
    } catch (error) {
      throw this.#explain(error, row);
    }
  }

  /** Inserts, or changes the columns named of those that have the same `keys`. */
  async putMany(rows: readonly Partial<Row>[], keys: readonly string[], changing: readonly string[]): Promise<void> {
    await this.#model.bulkCreate(rows as never[], {
      ...this.#write(),
      updateOnDuplicate: [...changing] as never[],
      conflictAttributes: [...keys] as never[],
      hooks: false,
      validate: false,
      returning: false,
    });
  }

  /** Returns how many rows were changed. */
  async updateWhere(where: WhereOptions, patch: Partial<Row>): Promise<number> {
    const values = Object.fromEntries(Object.entries(this.#stored(patch)).filter(([, value]) => value !== undefined));
    if (Object.keys(values).length === 0) return this.count(where);
    const { queryInterface, tableName } = this.#raw();
    try {
      const changed: unknown = await queryInterface.bulkUpdate(tableName, values, where, this.#write());
      return Number(changed);
    } catch (error) {
      throw this.#explain(error, patch);
    }
  }

  async update(key: Key, patch: object): Promise<boolean> {
    return (await this.updateWhere({ [this.#key]: key }, patch as Partial<Row>)) > 0;
  }

  /** Returns how many rows were removed. */
  async removeWhere(where: WhereOptions): Promise<number> {
    return this.#model.destroy({ ...this.#write(), where, hooks: false });
  }

  async remove(key: Key): Promise<boolean> {
    return (await this.removeWhere({ [this.#key]: key })) > 0;
  }

  #raw(): { queryInterface: QueryInterface; tableName: string } {
    const { sequelize, tableName } = this.#model;
    if (sequelize === undefined) throw new Error(`${tableName} belongs to no database`);
    return { queryInterface: sequelize.getQueryInterface(), tableName };
  }

  /** As the columns hold it: JSON as text. */
  #stored(row: Partial<Row>): Record<string, unknown> {
    const values = { ...row } as Record<string, unknown>;
    for (const column of this.#options.json ?? []) {
      if (values[column] !== undefined) values[column] = JSON.stringify(values[column]);
    }
    return values;
  }

  #use(): Transaction | null {
    if (this.#scope.context?.open === false) {
      throw new Error(`${this.#model.tableName} was used after its work had ended: a promise was not awaited`);
    }
    return this.#scope.transaction ?? null;
  }

  #write(): { transaction: Transaction } {
    const transaction = this.#use();
    if (transaction === null) throw new Error(`${this.#model.tableName} is written within db.write only`);
    return { transaction };
  }

  #read(row: Row): Row {
    const values = row as Record<string, unknown>;
    for (const column of this.#options.json ?? []) {
      const value = values[column];
      if (typeof value === 'string') values[column] = JSON.parse(value) as unknown;
    }
    for (const column of this.#options.wide ?? []) {
      const value = values[column];
      if (typeof value === 'string') values[column] = Number(value);
    }
    for (const column of this.#options.flags ?? []) values[column] = Boolean(values[column]);
    return row;
  }

  #explain(error: unknown, row: Partial<Row>): unknown {
    if (error instanceof UniqueConstraintError) {
      // Sequelize takes every broken constraint of SQLite for this one; a CHECK is a fault of ours, and says which.
      if (/CHECK constraint failed/.test(error.parent.message)) return error.parent;
      return this.#options.duplicate?.(row) ?? error;
    }
    if (error instanceof ForeignKeyConstraintError) return new AppError('reference_missing', {}, { cause: error });
    return error;
  }
}
