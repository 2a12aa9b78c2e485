// Call records as a sheet.
import type { ZoneClock } from '../calendar/index.js';
import type { CallFilter, Language } from '../contract/index.js';
import { findCalls, type CallRow, type Db } from '../db/index.js';
import type { ReachFilter } from '../platform/index.js';
import type { Sheet } from './sheet.js';
import { wallText } from './sheet.js';

export const MOST_IN_FILE = 50_000;
const PAGE = 500;

const WORDS = {
  'zh-CN': {
    title: '通话记录',
    columns: [
      '开始时间',
      '方向',
      '主叫',
      '被叫',
      '队列',
      '坐席',
      '中继',
      '等待',
      '通话',
      '总时长',
      '结果',
      '录音',
      '编号',
    ],
    direction: { in: '呼入', out: '呼出', internal: '内部' },
    result: {
      ...{ answered: '已接听', abandonedQueue: '排队放弃', abandonedFlow: '流程中挂机', refused: '未接入' },
      ...{ notAnswered: '无人接听', served: '自助完成', broken: '中断', fault: '故障', live: '进行中' },
    },
    yes: '有',
    limit: '仅含最新的 {count} 通；请缩小范围以导出其余记录。',
  },
  en: {
    title: 'Call records',
    columns: [
      'Began',
      'Direction',
      'Caller',
      'Called',
      'Queue',
      'Agent',
      'Trunk',
      'Wait',
      'Talk',
      'Length',
      'Result',
      'Recording',
      'Id',
    ],
    direction: { in: 'In', out: 'Out', internal: 'Internal' },
    result: {
      ...{
        answered: 'Answered',
        abandonedQueue: 'Abandoned in queue',
        abandonedFlow: 'Hung up in flow',
        refused: 'Refused',
      },
      ...{ notAnswered: 'Not answered', served: 'Served by the flow', broken: 'Cut off', fault: 'Fault', live: 'Live' },
    },
    yes: 'Yes',
    limit: 'The newest {count} calls alone; narrow it down for the rest.',
  },
} as const;

export type Result = keyof (typeof WORDS)['en']['result'];

/** As the search has it (db/call-search.ts). */
export function resultOf({ state, releasedBy, agentId, flowId, answeredAt, direction, queueId }: CallRow): Result {
  if (state === 'live' || state === 'broken') return state;
  if (releasedBy === 'fault') return 'fault';
  if (agentId !== null || (flowId === null && answeredAt !== null)) return 'answered';
  if (answeredAt === null) return direction === 'in' ? 'refused' : 'notAnswered';
  if (queueId !== null) return releasedBy === 'caller' ? 'abandonedQueue' : 'notAnswered';
  return releasedBy === 'caller' ? 'abandonedFlow' : 'served';
}

/** Page by page: others are served in between. */
export async function callSheet(
  db: Db,
  filter: CallFilter,
  zone: ZoneClock,
  language: Language,
  reach?: ReachFilter,
): Promise<Sheet> {
  const words = WORDS[language];
  const [queues, agents] = await Promise.all([db.queues.list(), db.agents.list()]);
  const queueNames = new Map(queues.map(({ id, name }) => [id, name]));
  const agentNames = new Map(agents.map(({ id, name }) => [id, name]));
  const rows: Sheet['rows'] = [];
  let before: string | undefined;
  let more = true;
  while (more && rows.length < MOST_IN_FILE) {
    const found = await findCalls(db.long, filter, { limit: PAGE, before, reach });
    const calls = new Map((await db.calls.byIds(found.calls.map(({ id }) => id))).map((row) => [row.id, row]));
    for (const { id, waitMs, talkMs, recorded, trunk } of found.calls) {
      const call = calls.get(id);
      if (call === undefined) continue;
      rows.push([
        ...[
          wallText(call.startedAt, zone, 'moment'),
          words.direction[call.direction],
          call.callingNumber,
          call.calledNumber,
        ],
        ...[call.queueId === null ? '' : (queueNames.get(call.queueId) ?? call.queueId)],
        ...[call.agentId === null ? '' : `${agentNames.get(call.agentId) ?? ''} ${call.agentId}`.trim()],
        ...[trunk ?? '', waitMs, talkMs, call.endedAt === null ? null : call.endedAt - call.startedAt],
        ...[words.result[resultOf(call)], recorded === 1 ? words.yes : '', call.id],
      ]);
    }
    before = found.before ?? undefined;
    more = before !== undefined;
  }
  const units = ['at', 'text', 'text', 'text', 'text', 'text', 'text', 'duration', 'duration', 'duration'] as const;
  return {
    title: words.title,
    lines: more ? [words.limit.replace('{count}', String(rows.length))] : [],
    columns: words.columns.map((title, index) => ({ title, unit: units[index] ?? 'text' })),
    ...{ rows, totals: null, notes: [], language },
  };
}
