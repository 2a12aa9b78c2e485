// What the codes of the matcher mean, in words: why this agent has the call, and why a call has nobody.
import type { JsonValue, Language } from '../contract/index.js';
import type { Ineligible, MatchReason, RankRule, Unavailable, Unmatched } from './matcher/index.js';

interface Words {
  en: string;
  zh: string;
}

const CHOSEN: Record<MatchReason['code'], Words> = {
  longest_idle: { en: 'he has been idle longest', zh: '空闲时间最长' },
  round_robin: { en: 'it was his turn', zh: '轮到该坐席' },
  fewest_calls: { en: 'he has had the fewest calls today', zh: '今日接听最少' },
  least_talk: { en: 'he has talked least today', zh: '今日通话时间最短' },
  skill_level: { en: 'his skills fit best', zh: '技能最匹配' },
  ring_all: { en: 'all were rung at once', zh: '全部同时振铃' },
  linear: { en: 'his place in the queue comes first', zh: '队列中位置最靠前' },
  random: { en: 'the lot fell on him', zh: '随机选中' },
  weighted: { en: 'he was furthest behind his share', zh: '最低于应得份额' },
  last_agent: { en: 'the caller had him last', zh: '上次由该坐席服务' },
  named_agent: { en: 'the flow or a list has named him', zh: '流程或名单指定' },
  only_one: { en: 'nobody else could be rung', zh: '仅该坐席可振铃' },
};

const KEPT: Record<Unavailable | Ineligible['code'] | 'offered', Words> = {
  signed_out: { en: 'signed out', zh: '已签出' },
  not_ready: { en: 'not ready', zh: '未就绪' },
  ringing: { en: 'ringing', zh: '振铃中' },
  talking: { en: 'talking', zh: '通话中' },
  wrap_up: { en: 'in wrap-up', zh: '话后处理中' },
  no_station: { en: 'at no telephone', zh: '没有话机' },
  station_unreachable: { en: 'telephone not reachable', zh: '话机不可达' },
  station_busy: { en: 'telephone busy', zh: '话机忙' },
  station_off_hook: { en: 'telephone off the hook', zh: '话机已摘机' },
  resting: { en: 'left alone after a missed call', zh: '漏接后暂不分配' },
  other_queue: { en: 'of another queue', zh: '属于其他队列' },
  waits_for_agent: { en: 'another agent is waited for', zh: '正在等待指定坐席' },
  skill_missing: { en: 'without a skill that is asked for', zh: '缺少所需技能' },
  skill_too_low: { en: 'with a skill that is too low', zh: '技能等级不足' },
  other_region: { en: 'serve another region', zh: '服务其他地区' },
  other_customer_level: { en: 'serve another level of customers', zh: '服务其他客户等级' },
  offered: { en: 'just given another call', zh: '刚分配了其他呼叫' },
};

const NOBODY: Record<Unmatched['code'], Words> = {
  nobody_in_queue: { en: 'There is nobody in the queue', zh: '队列中没有坐席' },
  nobody_free: { en: 'Nobody is free', zh: '没有空闲坐席' },
  nobody_fits: { en: 'Nobody who is free fits', zh: '空闲坐席均不符合要求' },
  waits_for_agent: { en: 'A certain agent is waited for', zh: '正在等待指定坐席' },
};

const RANKED: Record<RankRule, Words> = {
  preferred_agent: { en: 'preferred agent', zh: '优先坐席' },
  missed_it: { en: 'has missed this call', zh: '漏接过该呼叫' },
  region: { en: 'region', zh: '地区' },
  customer_level: { en: 'level of the customer', zh: '客户等级' },
  own_queue: { en: 'agents of the queue before borrowed ones', zh: '本队列坐席优先' },
  penalty: { en: 'penalty', zh: '惩罚值' },
  strategy: { en: 'strategy', zh: '策略' },
  longest_idle: { en: 'idle longest', zh: '空闲最久' },
  number: { en: 'lower number', zh: '工号较小' },
};

const pick = (words: Words, language: Language): string => (language === 'en' ? words.en : words.zh);

/** Why a call waits: `Nobody is free: 2 talking, 1 not ready.` */
export function waitingText({ code, counts }: Pick<Unmatched, 'code' | 'counts'>, language: Language): string {
  const parts = Object.entries(counts).map(([kept, count]) => {
    const words = pick(KEPT[kept as keyof typeof KEPT], language);
    return language === 'en' ? `${count} ${words}` : `${words} ${count} 人`;
  });
  const why = pick(NOBODY[code], language);
  if (parts.length === 0) return language === 'en' ? `${why}.` : `${why}。`;
  return language === 'en' ? `${why}: ${parts.join(', ')}.` : `${why}：${parts.join('，')}。`;
}

/** Why an agent has a call, of the reason that is stored with the offer; undefined: it is none. */
export function reasonText(stored: JsonValue | undefined, language: Language): string | undefined {
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) return undefined;
  const { code, agentId, passedOver } = stored as unknown as Partial<MatchReason>;
  if (code === undefined || !Object.hasOwn(CHOSEN, code)) return undefined;
  const english = language === 'en';
  const others = (Array.isArray(passedOver) ? passedOver : []).flatMap(({ agentId: other, why }) => {
    const words = why.code === 'ranked_lower' ? RANKED[why.by] : KEPT[why.code];
    // What an older version has stored may have other words.
    if (words === undefined) return [];
    return [english ? `${other} (${words.en})` : `${other}（${words.zh}）`];
  });
  const chosen = pick(CHOSEN[code], language);
  const first = english ? `${agentId}: ${chosen}.` : `${agentId}：${chosen}。`;
  if (others.length === 0) return first;
  return english ? `${first} Passed over: ${others.join(', ')}.` : `${first}未选：${others.join('、')}。`;
}
