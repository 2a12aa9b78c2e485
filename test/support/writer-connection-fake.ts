import type { WriterConnection } from '../../daemon/src/db/writer.js';

/** A connection that only remembers; `fail` says for which statement it fails, and for which of those that are the same. */
export function fakeConnection(fail: (sql: string, count: number) => Error | undefined = () => undefined): {
  connection: WriterConnection;
  log: string[];
} {
  const log: string[] = [];
  const connection: WriterConnection = {
    begin: 'BEGIN IMMEDIATE',
    isBusy: (error) => error instanceof Error && error.message === 'busy',
    isFull: (error) => error instanceof Error && error.message === 'full',
    exec(sql) {
      log.push(sql);
      const error = fail(sql, log.filter((one) => one === sql).length);
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    },
  };
  return { connection, log };
}
