// The figures: what each is called, what it is computed from, and how. The formulas are shown beside the figures, word by word.
import type { Language, ReportDefinition, ReportFigure, ReportUnit } from '../contract/index.js';

export type Sums = Readonly<Record<string, number>>;
export interface Figure extends ReportFigure {
  /** null: there is nothing that it could be computed from */
  of(sums: Sums): number | null;
}

type Both = Record<Language, string>;
const both = (zh: string, en: string): Both => ({ 'zh-CN': zh, en });
const sum = (sums: Sums, ...names: string[]): number => names.reduce((total, name) => total + (sums[name] ?? 0), 0);
const ratio = (part: number, whole: number): number | null => (whole <= 0 ? null : part / whole);

function figure(
  id: string,
  unit: ReportUnit,
  name: Both,
  formula: Both,
  of: (sums: Sums) => number | null,
  calls = false,
): Figure {
  return { id, unit, name, formula, calls, of };
}
const count = (id: string, name: Both, formula: Both, calls = false): Figure =>
  figure(id, 'count', name, formula, (sums) => sum(sums, id), calls);
const lasting = (id: string, name: Both, formula: Both, ...of: string[]): Figure =>
  figure(id, 'duration', name, formula, (sums) => sum(sums, ...of));

const SIGNED_IN = ['readyMs', 'ringingMs', 'talkingMs', 'wrappingMs', 'notReadyMs'] as const;

export const FIGURES: readonly Figure[] = [
  // queues
  count(
    'offered',
    both('呼入排队', 'Offered'),
    both(
      '进入队列的来电数（按队列设置不含短时放弃）',
      'calls that entered the queue (short abandons excluded where the queue says so)',
    ),
    true,
  ),
  count('answered', both('接听', 'Answered'), both('由坐席接听的来电数', 'calls that an agent answered'), true),
  count(
    'answeredInTime',
    both('达标接听', 'Answered in time'),
    both('在队列服务水平时限 T 内接听的来电数', "answered within T, the queue's service-level threshold"),
    true,
  ),
  count(
    'abandoned',
    both('放弃', 'Abandoned'),
    both(
      '排队中挂机的来电数（不含短时放弃；预约回呼不算放弃）',
      'callers who hung up in the queue (a caller who takes a callback is not an abandon)',
    ),
    true,
  ),
  count(
    'shortAbandoned',
    both('短时放弃', 'Short abandons'),
    both('在队列短时放弃时限（默认 5 秒）内放弃', "abandoned before the queue's short-abandon limit (default 5 s)"),
    true,
  ),
  count(
    'callbacks',
    both('预约回呼', 'Callbacks taken'),
    both('排队中选择回呼的来电数', 'callers who chose to be called back'),
  ),
  count(
    'left',
    both('转出', 'Left otherwise'),
    both('以溢出、按键等方式离开队列的来电数', 'calls that left the queue by overflow, by a key, or otherwise'),
    true,
  ),
  figure(
    'serviceLevel',
    'share',
    both('服务水平', 'Service level'),
    both('T 内接听 ÷（接听 + T 后放弃）', 'answered within T / (answered + abandoned after T)'),
    (s) => ratio(sum(s, 'answeredInTime'), sum(s, 'answered', 'abandoned') - sum(s, 'abandonedInTime')),
  ),
  figure(
    'serviceLevelAnswered',
    'share',
    both('服务水平（按接听）', 'Service level, answered base'),
    both('T 内接听 ÷ 接听', 'answered within T / answered'),
    (s) => ratio(sum(s, 'answeredInTime'), sum(s, 'answered')),
  ),
  figure(
    'serviceLevelAll',
    'share',
    both('服务水平（按全部）', 'Service level, all base'),
    both(
      '（T 内接听 + T 内放弃）÷（接听 + 放弃）',
      '(answered within T + abandoned within T) / (answered + abandoned)',
    ),
    (s) => ratio(sum(s, 'answeredInTime', 'abandonedInTime'), sum(s, 'answered', 'abandoned')),
  ),
  figure('answerRate', 'share', both('接通率', 'Answer rate'), both('接听 ÷ 呼入排队', 'answered / offered'), (s) =>
    ratio(sum(s, 'answered'), sum(s, 'offered')),
  ),
  figure(
    'abandonmentRate',
    'share',
    both('放弃率', 'Abandonment rate'),
    both(
      '放弃 ÷ 呼入排队（预约回呼不算放弃）',
      'abandoned / offered (a caller who takes a callback is not an abandon)',
    ),
    (s) => ratio(sum(s, 'abandoned'), sum(s, 'offered')),
  ),
  figure(
    'asa',
    'duration',
    both('平均应答速度', 'ASA'),
    both('接听来电的（排队 + 振铃）时长之和 ÷ 接听', 'sum of (queue + ring time) of answered calls / answered'),
    (s) => ratio(sum(s, 'waitMs'), sum(s, 'answered')),
  ),
  figure(
    'longestWait',
    'duration',
    both('最长等待', 'Longest wait'),
    both('一通来电在队列中等待的最长时间', 'the longest that one call waited in the queue'),
    (s) => (sum(s, 'offered') === 0 ? null : sum(s, 'longestWaitMs')),
  ),
  // handling, of queues and agents
  count(
    'handled',
    both('处理', 'Handled'),
    both('话后结束于该时段的已处理来电数', 'calls whose wrap-up (without one: whose talk) ended in the interval'),
    true,
  ),
  figure('averageTalk', 'duration', both('平均通话', 'Average talk'), both('通话 ÷ 处理', 'talk / handled'), (s) =>
    ratio(sum(s, 'talkMs'), sum(s, 'handled')),
  ),
  figure('averageHold', 'duration', both('平均保持', 'Average hold'), both('保持 ÷ 处理', 'hold / handled'), (s) =>
    ratio(sum(s, 'holdMs'), sum(s, 'handled')),
  ),
  figure(
    'averageWrapUp',
    'duration',
    both('平均话后', 'Average wrap-up'),
    both('话后 ÷ 处理', 'wrap-up / handled'),
    (s) => ratio(sum(s, 'wrapUpMs'), sum(s, 'handled')),
  ),
  figure(
    'aht',
    'duration',
    both('平均处理时长', 'AHT'),
    both('（通话 + 保持 + 话后）÷ 处理', '(talk + hold + wrap-up) / handled; outbound adds dialling'),
    (s) => ratio(sum(s, 'talkMs', 'holdMs', 'wrapUpMs'), sum(s, 'handled')),
  ),
  figure('transferRate', 'share', both('转接率', 'Transfer rate'), both('转接 ÷ 处理', 'transferred / handled'), (s) =>
    ratio(sum(s, 'transferred'), sum(s, 'handled')),
  ),
  // agents
  count(
    'agentOffered',
    both('振铃次数', 'Rung'),
    both('向该坐席振铃的次数', 'times that a call rang at the agent'),
    true,
  ),
  count('agentAnswered', both('应答次数', 'Taken'), both('该坐席应答的次数', 'rings that the agent answered'), true),
  count(
    'missed',
    both('未接', 'Missed'),
    both(
      '振铃未应答、来电先挂或话机故障的次数',
      'rings that nobody answered, that the caller gave up, or whose telephone failed',
    ),
    true,
  ),
  lasting(
    'signedIn',
    both('签入时长', 'Signed in'),
    both('就绪 + 振铃 + 通话 + 话后 + 小休', 'ready + ringing + talking + wrap-up + not ready'),
    ...SIGNED_IN,
  ),
  lasting('ready', both('就绪时长', 'Ready'), both('处于就绪状态的时长', 'time in the state ready'), 'readyMs'),
  lasting(
    'notReady',
    both('小休时长', 'Not ready'),
    both('处于小休状态的时长', 'time in the state not ready'),
    'notReadyMs',
  ),
  figure(
    'occupancy',
    'share',
    both('占用率', 'Occupancy'),
    both(
      '（通话 + 保持 + 振铃 + 话后）÷（上述 + 就绪），仅签入期间',
      '(talk + hold + ring + wrap-up) / (that + ready), signed in only',
    ),
    (s) => {
      const busy = sum(s, 'talkingMs', 'ringingMs', 'wrappingMs');
      return ratio(busy, busy + sum(s, 'readyMs'));
    },
  ),
  figure(
    'utilisation',
    'share',
    both('工时利用率', 'Utilisation'),
    both('（通话 + 保持 + 话后）÷ 签入时长', '(talk + hold + wrap-up) / signed-in time'),
    (s) => ratio(sum(s, 'talkingMs', 'wrappingMs'), sum(s, ...SIGNED_IN)),
  ),
  // trunks
  figure(
    'seized',
    'count',
    both('占用次数', 'Seized'),
    both('呼入 + 呼出占用次数', 'seized by calls in and out'),
    (s) => sum(s, 'seizedIn', 'seizedOut'),
    true,
  ),
  count('seizedIn', both('呼入', 'Calls in'), both('经该中继呼入的次数', 'calls that came in over the trunk'), true),
  count('seizedOut', both('呼出', 'Calls out'), both('经该中继呼出的次数', 'calls that went out over the trunk'), true),
  figure('trunkAnswered', 'count', both('接通', 'Answered'), both('呼入应答 + 呼出接通', 'answered, in and out'), (s) =>
    sum(s, 'answeredIn', 'answeredOut'),
  ),
  figure('connectRate', 'share', both('接通率', 'Connect rate'), both('接通 ÷ 占用', 'answered / seized'), (s) =>
    ratio(sum(s, 'answeredIn', 'answeredOut'), sum(s, 'seizedIn', 'seizedOut')),
  ),
  count('lost', both('呼损次数', 'Lost'), both('因无空闲通道被拒的呼叫数', 'refused for lack of a free channel'), true),
  figure(
    'loss',
    'share',
    both('呼损率', 'Loss'),
    both('因无空闲通道被拒 ÷ 送达该中继组的呼叫', 'refused for lack of a free channel / offered to the group'),
    (s) => ratio(sum(s, 'lost'), sum(s, 'seizedIn', 'seizedOut', 'lost')),
  ),
  lasting(
    'used',
    both('占用时长', 'Time in use'),
    both('各次占用时长之和', 'sum of the time that channels were in use'),
    'usedMs',
  ),
  // paths
  count('visits', both('经过次数', 'Visits'), both('来电经过此处的次数', 'times that callers came this way')),
  figure(
    'averageStay',
    'duration',
    both('平均停留', 'Average stay'),
    both('停留时长 ÷ 经过次数', 'time spent here / visits'),
    (s) => ratio(sum(s, 'ms'), sum(s, 'visits')),
  ),
  // reasons
  count('times', both('次数', 'Times'), both('进入该状态的次数', 'times that the state was entered')),
  lasting(
    'total',
    both('总时长', 'Total'),
    both('该原因的小休时长之和', 'sum of the time not ready for this reason'),
    'ms',
  ),
  figure('averageBreak', 'duration', both('平均时长', 'Average'), both('总时长 ÷ 次数', 'total / times'), (s) =>
    ratio(sum(s, 'ms'), sum(s, 'times')),
  ),
  // satisfaction
  count('asked', both('邀评', 'Asked'), both('被邀请评价的来电数', 'callers who were asked')),
  count(
    'responded',
    both('参评', 'Answered'),
    both('至少回答一题的来电数', 'callers who answered one question at least'),
  ),
  figure('responseRate', 'share', both('参评率', 'Response rate'), both('参评 ÷ 邀评', 'answered / asked'), (s) =>
    ratio(sum(s, 'responded'), sum(s, 'asked')),
  ),
  figure(
    'meanScore',
    'score',
    both('平均得分', 'Mean score'),
    both('得分之和 ÷ 打分数（仅同一分制）', 'sum of the scores / scores (of one scale)'),
    (s) => ((s['scales'] ?? 0) > 1 ? null : ratio(sum(s, 'scoreSum'), sum(s, 'scores'))),
  ),
  figure(
    'topTwo',
    'share',
    both('满意度', 'Top-two share'),
    both('最高两档得分数 ÷ 打分数', 'share of top-two scores'),
    (s) => ratio(sum(s, 'topTwo'), sum(s, 'scores')),
  ),
];

const OF_QUEUES = [
  ...['offered', 'answered', 'abandoned', 'shortAbandoned', 'callbacks', 'left', 'serviceLevel', 'answerRate'],
  ...['abandonmentRate', 'asa', 'longestWait', 'handled', 'averageTalk', 'averageHold', 'averageWrapUp', 'aht'],
  ...['transferRate', 'answeredInTime', 'serviceLevelAnswered', 'serviceLevelAll'],
];

export const REPORTS: readonly ReportDefinition[] = [
  {
    ...{ id: 'queues', keys: ['queueId'], figures: OF_QUEUES, filters: ['queues'], by: 'none' },
    name: both('队列', 'Queues'),
    purpose: both('各队列的来电、接听、等待与处理', 'What came to each queue, what was answered, how long it took'),
  },
  {
    ...{ id: 'intervals', keys: [], figures: OF_QUEUES, filters: ['queues'], by: 'hour' },
    name: both('时段', 'Intervals'),
    purpose: both('来电量与服务水平随时间的变化', 'Load and service level over time'),
  },
  {
    ...{ id: 'agents', keys: ['agentId'], filters: ['agents'], by: 'none' },
    figures: [
      ...['agentOffered', 'agentAnswered', 'missed', 'handled', 'averageTalk', 'averageHold', 'averageWrapUp', 'aht'],
      ...['transferRate', 'signedIn', 'ready', 'notReady', 'occupancy', 'utilisation'],
    ],
    name: both('坐席', 'Agents'),
    purpose: both('每位坐席的话量、时长与占用', 'What each agent did, and how the time was spent'),
  },
  {
    ...{
      id: 'reasons',
      keys: ['reason', 'agentId'],
      figures: ['times', 'total', 'averageBreak'],
      filters: ['agents'],
      by: 'none',
    },
    name: both('小休原因', 'Not-ready reasons'),
    purpose: both('小休的原因、次数与时长', 'Why agents were not ready, how often and how long'),
  },
  {
    ...{ id: 'trunks', keys: ['trunk'], filters: ['trunks'], by: 'none' },
    figures: ['seized', 'seizedIn', 'seizedOut', 'trunkAnswered', 'connectRate', 'lost', 'loss', 'used'],
    name: both('中继', 'Trunks'),
    purpose: both('各中继的占用、接通与呼损', 'How each trunk was used, connected and overflowed'),
  },
  {
    ...{
      id: 'paths',
      keys: ['flowId', 'node', 'exit'],
      figures: ['visits', 'averageStay'],
      filters: ['flows'],
      by: 'none',
    },
    name: both('流程路径', 'Paths'),
    purpose: both('来电在语音流程中的走向', 'Which way callers went through the menus'),
  },
  {
    ...{ id: 'satisfaction', keys: ['agentId', 'queueId'], filters: ['queues', 'agents'], by: 'none' },
    figures: ['asked', 'responded', 'responseRate', 'meanScore', 'topTwo'],
    name: both('满意度', 'Satisfaction'),
    purpose: both('客户评价的参评率与得分', 'What callers said when they were asked'),
  },
];

const byId = new Map(FIGURES.map((one) => [one.id, one]));

export function figureOf(id: string): Figure {
  const found = byId.get(id);
  if (found === undefined) throw new Error(`there is no figure ${id}`);
  return found;
}

export function reportOf(id: ReportDefinition['id']): ReportDefinition {
  return REPORTS.find((one) => one.id === id) as ReportDefinition;
}

/** What stands in the tables under another name, for the figures of agents. */
export function figuresFrom(definition: ReportDefinition, sums: Sums): Record<string, number | null> {
  const known =
    definition.id === 'agents'
      ? { ...sums, agentOffered: sums['offered'] ?? 0, agentAnswered: sums['answered'] ?? 0 }
      : sums;
  return Object.fromEntries(definition.figures.map((id) => [id, figureOf(id).of(known)]));
}
