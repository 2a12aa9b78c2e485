// Who is in a queue, with places, penalties and weights. Members that the file does not name stay.
import { QueueMemberPut } from '../../contract/index.js';
import { AppError, check } from '../../platform/index.js';
import { numberOf, says, type Cells, type CheckedRow, type Table } from '../table.js';

type Member = ReturnType<typeof QueueMemberPut.parse>;

const cellsOf = ({ agentId, position, penalty, weight }: Member): Cells => ({
  agentId,
  position: String(position),
  penalty: String(penalty),
  weight: String(weight),
});

export const queueMembersTable: Table = {
  kind: 'queue-members',
  key: 'agentId',
  needsOf: 'queue',
  tells: null,
  columns: [
    {
      ...{ id: 'agentId', title: { zh: '工号', en: 'Agent' }, required: true, example: '2001' },
      hint: { zh: '已有坐席的工号', en: 'Number of an agent that there is' },
      also: ['坐席', '坐席工号', 'number', 'agent number'],
    },
    {
      ...{ id: 'position', title: { zh: '次序', en: 'Place' }, example: '1' },
      hint: { zh: '顺序与轮流振铃时的位置，0 到 9999', en: 'For ringing in order or in turn, 0 to 9999' },
      also: ['位置', 'position'],
    },
    {
      ...{ id: 'penalty', title: { zh: '级别', en: 'Penalty' }, example: '0' },
      hint: { zh: '0 到 99，小的先接', en: '0 to 99, the lower is rung first' },
    },
    {
      ...{ id: 'weight', title: { zh: '权重', en: 'Weight' }, example: '1' },
      hint: { zh: '按权重分配时的份额，1 到 100', en: 'Share of the calls when by weight, 1 to 100' },
    },
  ],
  async open(db, of) {
    if ((await db.queues.find(of)) === null) throw new AppError('queue_not_found', { id: of });
    const agents = new Set((await db.agents.list()).map(({ id }) => id));
    const members = await db.queueMembers.listByQueue(of);
    const taken: Member[] = [];
    return {
      existing: new Map(members.map((one) => [one.agentId, cellsOf(one)])),
      keyOf: ({ agentId }) => agentId ?? '',
      check(cells): CheckedRow {
        const checked = check(QueueMemberPut, {
          agentId: cells.agentId ?? '',
          position: numberOf(cells.position ?? '', 0),
          penalty: numberOf(cells.penalty ?? '', 0),
          weight: numberOf(cells.weight ?? '', 1),
        });
        if (!checked.ok) return checked;
        const { value } = checked;
        if (!agents.has(value.agentId))
          return says('agentId', `没有工号为 ${value.agentId} 的坐席。`, `There is no agent ${value.agentId}.`);
        return { ok: true, cells: cellsOf(value), take: () => void taken.push(value) };
      },
      async write(tx) {
        const named = new Set(taken.map(({ agentId }) => agentId));
        const staying = (await tx.queueMembers.listByQueue(of))
          .filter(({ agentId }) => !named.has(agentId))
          .map(({ queueId: _, ...member }) => member);
        await tx.queueMembers.replaceOfQueue(of, [...staying, ...taken]);
        return [];
      },
    };
  },
};
