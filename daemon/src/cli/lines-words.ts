// What the commands for telephones, trunks and routes say.
import type { Language } from '../contract/index.js';

const en = {
  // what was not understood
  verb: 'What should be done? {verbs}; not "{verb}". See: cordboard {command} --help',
  which: 'Which one? See: cordboard {command} --help',
  onlySip: 'Analog telephones are ports of a card; say --sip to make a SIP one.',
  trunkKind: 'Is it a trunk of E1 (--e1 1,2) or of SIP (--host sip.example.com)?',
  routeKind: 'Does the route lead in (NUMBER --flow ID) or out (--out PATTERN --trunk ID)?',
  both: '{a} and {b} do not go together.',
  number: '{what} takes a number, not "{text}".',
  host: '"{text}" is no host; write sip.example.com, 192.0.2.7:5060 or [2001:db8::7]:5060.',
  rule: '"{text}" is no rule; write MATCH:STRIP:PREPEND, such as 00.:2:+ or 0.:1:',
  secretFile: '{file} cannot be read: {reason}',
  nothing: 'What is to be changed? See: cordboard {command} --help',
  routeMissing: 'There is no route {id}; see: cordboard route list',
  // what was done
  removed: '{what} is removed.',
  changed: '{what} is changed.',
  made: '{what} is made.',
  lifted: '{what} is listened to again.',
  banned: '{what} is not listened to until {until}.',
  none: 'There are none.',
  station: 'Telephone {id}',
  trunk: 'Trunk {id}',
  routeIn: 'The route in of {id}',
  routeOut: 'The route out {id}',
  group: 'Ring group {id}',
  address: 'Address {id}',
  // an account
  accountReady: 'Type this into telephone {id}:',
  server: 'server',
  port: 'port',
  transport: 'transport',
  domain: 'domain',
  user: 'user',
  secret: 'secret',
  otherWays: 'or: {ways}',
  sipOff: 'SIP is switched off in the settings (sip.enabled): the telephone cannot register yet.',
  once: 'The secret is shown this once. A new one: cordboard station secret {id}',
  // columns and values
  registered: 'registered from {from}',
  notRegistered: 'not registered',
  off: 'switched off',
  newSecretNeeded: 'needs a new secret',
  in: 'in',
  out: 'out',
  emergency: 'emergency',
  until: 'until {until}',
};

const zh: typeof en = {
  verb: '要执行什么操作？可用：{verbs}；没有 "{verb}"。参见：cordboard {command} --help',
  which: '要操作哪一个？参见：cordboard {command} --help',
  onlySip: '模拟话机即板卡端口；添加 SIP 话机请使用 --sip。',
  trunkKind: '是 E1 中继（--e1 1,2）还是 SIP 中继（--host sip.example.com）？',
  routeKind: '是呼入路由（号码 --flow 流程）还是呼出路由（--out 模式 --trunk 中继）？',
  both: '{a} 与 {b} 不能同时使用。',
  number: '{what} 需要数字，而不是 "{text}"。',
  host: '"{text}" 不是主机；请写成 sip.example.com、192.0.2.7:5060 或 [2001:db8::7]:5060。',
  rule: '"{text}" 不是规则；请写成 模式:去位:加位，例如 00.:2:+ 或 0.:1:',
  secretFile: '无法读取 {file}：{reason}',
  nothing: '要修改什么？参见：cordboard {command} --help',
  routeMissing: '路由 {id} 不存在；参见：cordboard route list',
  removed: '{what}已删除。',
  changed: '{what}已修改。',
  made: '{what}已添加。',
  lifted: '{what}已解除封禁。',
  banned: '{what}已封禁，至 {until}。',
  none: '没有。',
  station: '话机 {id} ',
  trunk: '中继 {id} ',
  routeIn: '{id} 的呼入路由',
  routeOut: '呼出路由 {id} ',
  group: '振铃组 {id} ',
  address: '地址 {id} ',
  accountReady: '请在话机 {id} 上输入：',
  server: '服务器',
  port: '端口',
  transport: '传输',
  domain: '域',
  user: '用户名',
  secret: '密钥',
  otherWays: '或：{ways}',
  sipOff: '设置中已关闭 SIP（sip.enabled）：话机暂时无法注册。',
  once: '密钥仅显示一次。重新生成：cordboard station secret {id}',
  registered: '已从 {from} 注册',
  notRegistered: '未注册',
  off: '已停用',
  newSecretNeeded: '需要新密钥',
  in: '呼入',
  out: '呼出',
  emergency: '紧急',
  until: '至 {until}',
};

export type LinesWord = keyof typeof en;

/** The sentence, with its {names} filled in. */
export function say(
  language: Language,
  word: LinesWord,
  params: Readonly<Record<string, string | number>> = {},
): string {
  const text = language === 'en' ? en[word] : zh[word];
  return text.replace(/\{([a-zA-Z]+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}
