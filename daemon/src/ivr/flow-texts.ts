// What is said of a flow that cannot be let live, or had better not, in both languages. {name} is filled in.
import type { Language } from '../contract/index.js';

interface Text {
  readonly en: string;
  readonly zh: string;
}

export const complaints = {
  noStart: { en: 'the flow starts at "{name}", and there is no such node', zh: '流程从“{name}”开始，但没有这个节点' },
  noNode: { en: 'there is no node "{name}"', zh: '没有节点“{name}”' },
  noQueue: { en: 'there is no queue "{name}"', zh: '没有队列“{name}”' },
  noPrompt: { en: 'there is no prompt "{name}"', zh: '没有提示音“{name}”' },
  noFlow: { en: 'there is no live flow "{name}"', zh: '没有已上线的流程“{name}”' },
  noThing: { en: 'there is no {kind} "{name}"', zh: '没有{kindZh}“{name}”' },
  noService: {
    en: 'nodes of type {type} need a service that this box does not have ({name}); take the node out, or set the service up first',
    zh: '{type} 类型的节点需要本机尚未提供的服务（{name}）；请删除该节点，或先启用该服务',
  },
  noChoices: { en: 'a menu needs at least one choice', zh: '菜单至少需要一个选项' },
  noText: { en: 'a text in at least one language is needed', zh: '至少需要一种语言的文本' },
  missing: { en: 'it is missing', zh: '缺少该字段' },
  unknownType: { en: 'there is no such type of node; there are {types}', zh: '没有这种节点类型；可用类型：{types}' },
  minAboveMax: { en: 'it is greater than the most that is allowed', zh: '大于允许的最大值' },
  unreachable: { en: 'no caller can come to this node', zh: '没有来电能到达此节点' },
  endlessLoop: {
    en: 'this way leads in a circle without ever waiting for the caller ({name}); put a menu or a question into it',
    zh: '此路径形成不等待来电者输入的循环（{name}）；请在其中加入菜单或收号节点',
  },
  recursion: {
    en: 'flows that call one another in a circle never end ({name}); take one of the calls out',
    zh: '流程相互调用形成循环（{name}）；请去掉其中一个调用',
  },
  noVariable: { en: 'there is no variable "{name}"', zh: '没有变量“{name}”' },
  systemVariable: { en: 'the variable "{name}" cannot be changed', zh: '变量“{name}”不可更改' },
  noFunction: { en: 'there is no function "{name}"', zh: '没有函数“{name}”' },
  argumentCount: { en: 'the function "{name}" has the wrong number of values', zh: '函数“{name}”的参数个数不正确' },
  wrongType: { en: '{wanted} is needed here, and this is {got}', zh: '此处需要{wantedZh}，而这里是{gotZh}' },
  wrongInitial: { en: 'the initial value is no {wanted}', zh: '初始值不是{wantedZh}' },
  syntax: {
    en: 'the expression cannot be read at character {at}: "{found}"',
    zh: '表达式第 {at} 个字符处无法识别：“{found}”',
  },
  unfinished: { en: 'the expression is not complete', zh: '表达式不完整' },
  tooLong: { en: 'the expression is too long or too deeply nested', zh: '表达式过长或嵌套过深' },
  badPattern: { en: 'the pattern is not allowed: {name}', zh: '匹配模式不被允许：{name}' },
  patternLiteral: { en: 'a pattern must be written as text in quotes', zh: '匹配模式必须是引号中的文本' },
  badPath: { en: 'it is no path such as $.data.name', zh: '不是有效路径，例如 $.data.name' },
  badUrl: {
    en: 'it must begin with http:// or https:// and a host that is no variable',
    zh: '必须以 http:// 或 https:// 加固定主机名开头',
  },
  notSelect: { en: 'it must be one SELECT that changes nothing', zh: '必须是一条不修改数据的 SELECT 语句' },
  twoStatements: { en: 'it must be one statement', zh: '只能有一条语句' },
  notBound: { en: 'nothing is bound to ${name}', zh: '没有为 ${name} 绑定值' },
  boundForNothing: { en: '${name} is bound and not used', zh: '绑定了 ${name} 却没有使用' },
  noParameter: { en: 'the flow called has no parameter "{name}"', zh: '被调用的流程没有参数“{name}”' },
  noResult: { en: 'the flow called has no result "{name}"', zh: '被调用的流程没有结果“{name}”' },
} as const satisfies Record<string, Text>;
export type ComplaintCode = keyof typeof complaints;

const KINDS: Record<string, { en: string; zh: string }> = {
  calendar: { en: 'calendar', zh: '日历' },
  dataSource: { en: 'data source', zh: '数据源' },
  agent: { en: 'agent', zh: '坐席' },
  rota: { en: 'rota', zh: '值班表' },
  announcement: { en: 'announcement', zh: '公告' },
  voicemail: { en: 'voicemail box', zh: '语音信箱' },
  conference: { en: 'conference room', zh: '会议室' },
  survey: { en: 'survey', zh: '满意度调查' },
  faxReceive: { en: 'fax box', zh: '传真箱' },
  faxSend: { en: 'fax document', zh: '传真文档' },
  string: { en: 'a text', zh: '文本' },
  number: { en: 'a number', zh: '数字' },
  boolean: { en: 'yes or no', zh: '是或否' },
  date: { en: 'a date', zh: '日期' },
  time: { en: 'a time', zh: '时间' },
  list: { en: 'a list', zh: '列表' },
  json: { en: 'JSON', zh: 'JSON' },
};

/** The words of a code, without the place. Parameters kind, wanted and got are words themselves. */
export function complaintText(
  language: Language,
  code: ComplaintCode,
  params: Readonly<Record<string, string>> = {},
): string {
  const all: Record<string, string> = { ...params };
  for (const word of ['kind', 'wanted', 'got']) {
    const known = KINDS[params[word] ?? ''];
    if (known !== undefined) Object.assign(all, { [word]: known.en, [`${word}Zh`]: known.zh });
  }
  const { en, zh } = complaints[code];
  return (language === 'en' ? en : zh).replace(/\{([A-Za-z]+)\}/g, (whole, name: string) => all[name] ?? whole);
}

/** "Node "menu", field "choices.1": there is no node "sale"." */
export function flowSentence(language: Language, path: readonly string[], complaint: string): string {
  const [head, node] = path;
  const field = path.slice(2).join('.');
  const english = language === 'en';
  const named = (name: string): string => (english ? `Field "${name}"` : `字段“${name}”`);
  let subject: string;
  if (head === undefined) subject = english ? 'The flow' : '流程';
  else if (head !== 'nodes' || node === undefined) subject = named(path.join('.'));
  else if (field === '') subject = english ? `Node "${node}"` : `节点“${node}”`;
  else subject = english ? `Node "${node}", field "${field}"` : `节点“${node}”的字段“${field}”`;
  return english ? `${subject}: ${complaint}.` : `${subject}：${complaint}。`;
}
