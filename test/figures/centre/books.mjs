// The database of a box, read as anybody could read it: while the box is down, or beside it.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Runs `work` with a function that reads rows. */
export async function readBooks(home, work) {
  const { default: sqlite } = await import('sqlite3');
  const db = await new Promise((resolve, reject) => {
    const opened = new sqlite.Database(join(home, 'cordboard.sqlite'), sqlite.OPEN_READONLY, (error) =>
      error === null ? resolve(opened) : reject(error),
    );
  });
  const all = (sql) =>
    new Promise((resolve, reject) => db.all(sql, (error, rows) => (error === null ? resolve(rows) : reject(error))));
  try {
    return await work(all);
  } finally {
    await new Promise((resolve) => db.close(resolve));
  }
}

/** What a kill has left: whether the file is whole, and the agents' states as they were journaled. */
export function journal(home) {
  return readBooks(home, async (all) => ({
    whole: (await all('PRAGMA integrity_check')).every((row) => row.integrity_check === 'ok'),
    agents: await all('SELECT agentId, state, reason, station FROM agentStates'),
    live: (await all(`SELECT id FROM calls WHERE state = 'live'`)).map(({ id }) => id),
  }));
}

/** What must not stand in the books after the box has come back; `live`: the calls that it has now, `cut`: those of before the kill. */
export function contradictions(home, live, cut) {
  return readBooks(home, async (all) => {
    const found = [];
    const cutCalls = new Set(cut);
    const ours = new Set(live);
    for (const { id, state, endedAt } of await all('SELECT id, state, endedAt FROM calls')) {
      if (!cutCalls.has(id)) continue;
      if (state !== 'broken' || endedAt === null)
        found.push(`call ${id} was cut off and is ${state}, ended ${endedAt}`);
      if (ours.has(id)) found.push(`call ${id} was cut off and is live again`);
    }
    const open = await all(
      `SELECT s.id, s.kind, s.callId FROM segments s JOIN calls c ON c.id = s.callId WHERE s.endedAt IS NULL AND c.state <> 'live'`,
    );
    for (const { id, kind, callId } of open) found.push(`segment ${id} (${kind}) of ${callId}, which is over, is open`);
    for (const { agentId, n } of await all(
      `SELECT agentId, count(*) AS n FROM agentSegments WHERE endedAt IS NULL GROUP BY agentId HAVING n > 1`,
    ))
      found.push(`agent ${agentId} has ${n} open states`);
    for (const { id, callId, state, path, bytes } of await all(
      'SELECT r.id, r.callId, r.state, coalesce(s.path, r.path) AS path, r.bytes FROM recordings r LEFT JOIN storedRecordings s ON s.id = r.id',
    )) {
      if (state === 'recording' && cutCalls.has(callId)) found.push(`recording ${id} of a call cut off goes on`);
      if (state !== 'complete' && state !== 'broken') continue;
      const file = join(home, 'recordings', path);
      if (!existsSync(file)) found.push(`recording ${id} (${state}) has no file`);
      else if (statSync(file).size < bytes) found.push(`recording ${id} (${state}) is shorter than the books say`);
    }
    return found;
  });
}
