// What a daemon that was killed left behind, set right before the next one takes calls.
import { Op, col, fn, literal, type Model, type ModelStatic, type Transaction } from 'sequelize';
import type { Recovery } from './database.js';
import type { Models } from './models.js';
import type { Writes } from './repositories.js';

/**
 * Live calls become broken and end at the latest time known of them; open segments of calls end with their call; open
 * segments of agents end at the latest time that anything is known of. No time is later than `nowMs`.
 */
export async function recover(tx: Writes, models: Models, transaction: Transaction, nowMs: number): Promise<Recovery> {
  const live = await models.calls.findAll({ where: { state: 'live' }, raw: true, transaction });
  const known = await lastOfSegments(models, transaction);
  const latestMs = Math.min(nowMs, Math.max(await latestKnown(models, transaction), ...known.values()));
  for (const call of live) {
    const startedAt = Number(call.startedAt);
    const latest = Math.max(startedAt, Number(call.answeredAt ?? 0), known.get(call.id) ?? 0);
    const endedAt = Math.max(startedAt, Math.min(latest, nowMs));
    await tx.calls.update(call.id, { state: 'broken', endedAt, releasedBy: 'fault' });
  }

  // One statement each, however many there are: a box that was at work has hundreds, and is to be back within seconds. Those of calls
  // that had ended are open only when somebody forgot them; they must not look as if they still lasted.
  const ofCall = `COALESCE((SELECT "endedAt" FROM "calls" WHERE "calls"."id" = "segments"."callId"), ${latestMs})`;
  const segments =
    (await endOpen(models.segments as AnyModel, ofCall, transaction)) +
    (await endOpen(models.agentSegments as AnyModel, String(latestMs), transaction));

  return { calls: live.length, segments, recordings: await tx.recordings.listByState('recording') };
}

type AnyModel = ModelStatic<Model>;

/** Ends what is open, at a time given as SQL; what began later (the wall clock was set back) ends when it began. */
async function endOpen(model: AnyModel, at: string, transaction: Transaction): Promise<number> {
  const endedAt = literal(`CASE WHEN ${at} > "startedAt" THEN ${at} ELSE "startedAt" END`);
  const [count] = await model.update(
    { endedAt },
    { where: { endedAt: null }, hooks: false, validate: false, transaction },
  );
  return count;
}

/** The latest time that segments know of each live call. */
async function lastOfSegments(models: Models, transaction: Transaction): Promise<Map<string, number>> {
  const rows = await models.segments.findAll({
    attributes: ['callId', [fn('MAX', col('startedAt')), 'startedAt'], [fn('MAX', col('endedAt')), 'endedAt']],
    where: { callId: { [Op.in]: literal(`(SELECT "id" FROM "calls" WHERE "state" = 'live')`) } },
    group: ['callId'],
    raw: true,
    transaction,
  });
  return new Map(
    rows.map(({ callId, startedAt, endedAt }) => [callId, Math.max(Number(startedAt), Number(endedAt ?? 0))]),
  );
}

/**
 * Segments of calls need not be looked through: those of a call that has ended are no later than its end. Nor need those of agents:
 * where the last one ends, the state of the agent begins. The time it takes must not grow with the calls that are stored.
 */
async function latestKnown(models: Models, transaction: Transaction): Promise<number> {
  let latest = 0;
  const columns = [
    [models.calls, 'startedAt'],
    [models.calls, 'endedAt'],
    [models.agentSegments, 'startedAt'],
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
