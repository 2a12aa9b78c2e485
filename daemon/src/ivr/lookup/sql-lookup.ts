// Data sources as nodes know them.
import type { JsonObject } from '../../contract/index.js';
import { DataSourceError, type DataSources } from '../../db/index.js';
import { LookupError, type SqlLookupPort } from '../flow-ports.js';
import { sqlProblem } from './sql-text.js';

export class SqlLookup implements SqlLookupPort {
  readonly #sources: DataSources;

  constructor(sources: DataSources) {
    this.#sources = sources;
  }

  ids(): ReadonlySet<string> {
    return this.#sources.ids();
  }

  async query(
    source: string,
    sql: string,
    parameters: JsonObject,
    limits: { timeoutMs: number; maxRows: number },
  ): Promise<JsonObject[]> {
    if (sqlProblem(sql, Object.keys(parameters)) !== undefined)
      throw new LookupError('invalid', 'it is no SELECT whose values are bound');
    try {
      return await this.#sources.query(source, sql, parameters, limits);
    } catch (error) {
      if (!(error instanceof DataSourceError)) throw error;
      const code = { unknown: 'invalid', timeout: 'timeout', unreachable: 'unreachable', refused: 'refused' } as const;
      throw new LookupError(code[error.code], error.message);
    }
  }
}
