// Why a number leads where it leads, step by step, for those who try a route out.
import type { Language } from '../contract/index.js';
import { refusalText, subjectText } from './refusal-texts.js';

const texts = {
  blackListed: ['{caller} stands on the black list {list}: {reason}', '{caller} 在黑名单 {list} 中：{reason}'],
  whiteListed: ['{caller} stands on these lists: {lists}', '{caller} 在以下名单中：{lists}'],
  insideNumber: ['{number} is a number inside', '{number} 是内部号码'],
  routeTaken: ['the route {name} takes the call', '路由 {name} 接收该呼叫'],
  otherCaller: ['the route {name} is for other callers', '路由 {name} 适用于其他主叫号码'],
  notOnList: ['the route {name} is for a list on which the caller does not stand', '路由 {name} 要求主叫在名单中'],
  otherTrunk: ['the route {name} is for another trunk', '路由 {name} 适用于其他中继'],
  calendarClosed: [
    'the route {name} holds while {calendar} is open, which it is not',
    '路由 {name} 仅在 {calendar} 开放时有效，当前关闭',
  ],
  calendarOpen: [
    'the route {name} holds while {calendar} is closed, which it is not',
    '路由 {name} 仅在 {calendar} 关闭时有效，当前开放',
  ],
  outRouteTaken: ['the route out {name} takes the number, over {trunks}', '呼出路由 {name} 接收该号码，经由 {trunks}'],
  outRouteClosed: ['the route out {name} does not hold at this time', '呼出路由 {name} 当前时间无效'],
  notNow: ['{subject} may not dial outside at this time', '{subject} 当前时间不能拨打外线'],
  refused: ['refused with cause {cause}: {reason}', '拒绝，原因值 {cause}：{reason}'],
} as const satisfies Record<string, readonly [en: string, zh: string]>;

export type StepCode = keyof typeof texts;

export interface Step {
  code: StepCode;
  routeId: string | null;
  params: Readonly<Record<string, string | number>>;
}

export type NoteStep = (step: Step) => void;

export function stepText({ code, params }: Step, language: Language): string {
  const said: Record<string, string | number> = { ...params };
  if (code === 'refused') said['reason'] = refusalText(String(params['reason'] ?? ''), language);
  if (code === 'notNow') said['subject'] = subjectText(String(params['subject'] ?? ''), language).trim();
  return texts[code][language === 'en' ? 0 : 1].replace(/\{([a-zA-Z]+)\}/g, (whole, name: string) =>
    String(said[name] ?? whole),
  );
}
