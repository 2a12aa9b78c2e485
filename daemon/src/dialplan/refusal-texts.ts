// Why a number leads nowhere, for people: the plan says it in English, as the log has it; here is the same in Chinese.
import type { Language } from '../contract/index.js';

type Say = (...found: string[]) => string;

const CLASSES: Readonly<Record<string, string>> = {
  ...{ internal: '内线', emergency: '紧急', local: '本地', national: '国内长途', mobile: '手机' },
  ...{ international: '国际', premium: '付费' },
};

const CHINESE: readonly (readonly [RegExp, Say])[] = [
  [/^it is no number$/, () => '这不是号码'],
  [/^nobody inside has this number$/, () => '内部没有这个号码'],
  [/^nobody calls an emergency number back$/, () => '不能回拨紧急号码'],
  [/^no trunk is tried with an emergency number$/, () => '不能用紧急号码测试中继'],
  [/^numbers inside are not called back$/, () => '不能回拨内部号码'],
  [/^a flow does not call the emergency services$/, () => '流程不能呼叫紧急号码'],
  [/^telephone (\d+) may not call inside$/, (station) => `话机 ${station} 不能拨内线`],
  [
    /^(\S+) may not dial outside at this time$/,
    (subject) => `${subjectText(subject ?? '', 'zh-CN')}当前时间不能拨外线`,
  ],
  [/^telephone (\d+) may not show the number (\S+)$/, (station, number) => `话机 ${station} 不能显示号码 ${number}`],
  [/^telephone (\d+) is switched off$/, (station) => `话机 ${station} 已停用`],
  [/^nobody is in the ring group (\d+)$/, (group) => `振铃组 ${group} 里没有话机`],
  [/^the routes that take it do not hold at this time$/, () => '符合的呼出路由当前时间无效'],
  [/^no trunk is switched on for it$/, () => '可用的中继都已停用'],
  [/^the country has no such number$/, () => '没有这样的号码'],
  [/^it has no country code, which the trunk wants$/, () => '中继要求带国家码，这个号码没有'],
  [/^the telephone may not dial (.+) numbers$/, (classes) => `话机不能拨${classesText(classes ?? '')}号码`],
  [/^no route takes it$/, () => '没有符合的路由'],
  [/^the route refuses the call$/, () => '路由规定拒绝'],
  [/^the route is busy$/, () => '路由规定送忙音'],
  [/^the caller stands on a black list$/, () => '主叫在黑名单中'],
  [/^there is no telephone (\d+)$/, (station) => `话机 ${station} 已删除`],
  [/^there is no ring group (\d+)$/, (group) => `振铃组 ${group} 已删除`],
];

function classesText(classes: string): string {
  return classes
    .split(' and ')
    .map((one) => CLASSES[one] ?? one)
    .join('、');
}

/** station:1001 as people say it. */
export function subjectText(subject: string, language: Language): string {
  const [kind = '', id = ''] = subject.split(':');
  const names: Readonly<Record<string, readonly [en: string, zh: string]>> = {
    station: [`telephone ${id}`, `话机 ${id} `],
    agent: [`agent ${id}`, `坐席 ${id} `],
    queue: [`the agents of queue ${id}`, `队列 ${id} 的坐席`],
  };
  return names[kind]?.[language === 'en' ? 0 : 1] ?? subject;
}

export function refusalText(reason: string, language: Language): string {
  if (language === 'en') return reason;
  for (const [pattern, say] of CHINESE) {
    const found = pattern.exec(reason);
    if (found !== null) return say(...found.slice(1));
  }
  return '无法接通';
}
