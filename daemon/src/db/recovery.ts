// What a daemon that was killed left behind, set right before the next one takes calls.
import { Op, fn, col, type Transaction } from 'sequelize';
import type { Recovery } from './database.js';
import type { Models } from './models.js';
import type { Writes } from './repositories.js';

/**
 * Live calls become broken and end at the latest time known of them; open segments of calls end with their call; open
 * segments of agents end at the latest time that anything is known of. No time is later than `nowMs`.
 */
export async function recover(tx: Writes, models: Models, transaction: Transaction, nowMs: number): Promise<Recovery> {
  const latestMs = Math.min(nowMs, await latestKnown(models, transaction));
  const live = await models.calls.findAll({ where: { state: 'live' }, raw: true, transaction });
  let segments = 0;
  for (const call of live) {
    const pieces = await tx.segments.listByCall(call.id);
    const times = pieces.flatMap((piece) => [piece.startedAt, piece.endedAt ?? 0]);
    const known = Math.max(Number(call.startedAt), Number(call.answeredAt ?? 0), ...times);
    const endedAt = Math.max(Number(call.startedAt), Math.min(known, nowMs));
    segments += await tx.segments.closeOpen(call.id, endedAt);
    await tx.calls.update(call.id, { state: 'broken', endedAt, releasedBy: 'fault' });
  }

  // Segments whose call has ended are open only when somebody forgot them; they must not look as if they still lasted.
  const strays = await models.segments.findAll({ where: { endedAt: null }, raw: true, transaction });
  for (const stray of strays) {
    const call = await tx.calls.find(stray.callId);
    segments += await tx.segments.closeOpen(stray.callId, call?.endedAt ?? latestMs);
  }

  const agents = await models.agentSegments.findAll({
    where: { endedAt: null },
    attributes: ['agentId'],
    group: ['agentId'],
    raw: true,
    transaction,
  });
  for (const { agentId } of agents) segments += await tx.agentSegments.closeOpen(agentId, latestMs);

  return { calls: live.length, segments, recordings: await tx.recordings.listByState('recording') };
}

async function latestKnown(models: Models, transaction: Transaction): Promise<number> {
  let latest = 0;
  const columns = [
    [models.calls, 'startedAt'],
    [models.calls, 'endedAt'],
    [models.segments, 'startedAt'],
    [models.segments, 'endedAt'],
    [models.agentSegments, 'startedAt'],
    [models.agentSegments, 'endedAt'],
    [models.agentStates, 'since'],
  ] as const;
  for (const [model, column] of columns) {
    const rows = (await (model as typeof models.calls).findAll({
      attributes: [[fn('MAX', col(column)), 'latest']],
      where: { [column]: { [Op.ne]: null } },
      raw: true,
      transaction,
    })) as unknown as { latest: number | string | null }[];
    latest = Math.max(latest, Number(rows[0]?.latest ?? 0));
  }
  return latest;
}
