// Every sentence the daemon says to people, in both languages, in one table. A sentence names the thing and says what to do.
// {name} is filled in from the parameters of the error; both languages must name the same ones (a test checks it).
// The status is that of HTTP; it is also right for those who are not HTTP (4xx: the one who asked can mend it).

import { accessMessages } from './access-messages.js';
import { callbackMessages } from './callback-messages.js';
import { contactMessages } from './contact-messages.js';
import { conferenceMessages } from './conference-messages.js';
import { boardMessages } from './board-messages.js';
import { boxMessages } from './box-messages.js';
import { deskMessages } from './desk-messages.js';
import { diagnosticMessages } from './diagnostic-messages.js';
import { flowMessages } from './flow-messages.js';
import { importMessages } from './import-messages.js';
import { recordingMessages } from './recording-messages.js';
import { musicMessages } from './music-messages.js';
import { routingMessages } from './routing-messages.js';
import { phoneMessages } from './phone-messages.js';
import { reportMessages } from './report-messages.js';
import { surveyMessages } from './survey-messages.js';
import { trunkMessages } from './trunk-messages.js';
import { updateMessages } from './update-messages.js';
import { voiceMessages } from './voice-messages.js';

export interface Message {
  readonly status: number;
  readonly en: string;
  readonly zh: string;
}

export const messages = {
  // requests
  body_invalid: {
    status: 400,
    en: 'The request does not fit; see the details, correct them and send it again.',
    zh: '请求内容不符合要求；请按详细说明修改后重新发送。',
  },
  body_not_json: {
    status: 400,
    en: 'The body is not valid JSON: {reason}. Send a JSON object with Content-Type: application/json.',
    zh: '请求体不是有效的 JSON：{reason}。请以 Content-Type: application/json 发送 JSON 对象。',
  },
  body_too_large: {
    status: 413,
    en: 'The body is larger than {limitBytes} bytes; send less at a time.',
    zh: '请求体超过 {limitBytes} 字节；请减少单次发送的内容。',
  },
  media_type_unsupported: {
    status: 415,
    en: 'Bodies of type {type} are not taken; send Content-Type: application/json.',
    zh: '不接受 {type} 类型的请求体；请使用 Content-Type: application/json。',
  },
  route_not_found: {
    status: 404,
    en: 'There is no {method} {path} here; /api/v1/openapi.json lists what there is.',
    zh: '此处没有 {method} {path}；可用接口见 /api/v1/openapi.json。',
  },
  method_not_allowed: {
    status: 405,
    en: '{path} does not take {method}; it takes {allowed}.',
    zh: '{path} 不支持 {method}；支持 {allowed}。',
  },
  host_refused: {
    status: 421,
    en: 'This address is not served under the name {host}; use 127.0.0.1, localhost, or add the name to http.allowedHosts.',
    zh: '不以名称 {host} 提供服务；请使用 127.0.0.1 或 localhost，或将该名称加入 http.allowedHosts。',
  },
  origin_refused: {
    status: 403,
    en: 'A page of {origin} may change nothing here; open the pages of this box, or add the name to http.allowedHosts.',
    zh: '来自 {origin} 的网页不能在此更改任何内容；请打开本系统自己的页面，或将该名称加入 http.allowedHosts。',
  },
  range_unsatisfiable: {
    status: 416,
    en: 'The range asked for lies outside the recording of {bytes} bytes.',
    zh: '请求的范围超出录音长度（{bytes} 字节）。',
  },
  internal: {
    status: 500,
    en: 'Something went wrong inside Cordboard (reference {reference}); the log has the details.',
    zh: 'Cordboard 内部出错（参考号 {reference}）；详情见日志。',
  },
  unavailable: {
    status: 503,
    en: '{what} is not available at the moment; try again shortly.',
    zh: '{what} 暂时不可用；请稍后重试。',
  },
  stopping: {
    status: 503,
    en: 'Cordboard is stopping; try again once it runs.',
    zh: 'Cordboard 正在停止；请在其运行后重试。',
  },

  // who may
  token_missing: {
    status: 401,
    en: 'Sign in first: POST /api/v1/session gives a token to send as Authorization: Bearer.',
    zh: '请先登录：POST /api/v1/session 返回令牌，以 Authorization: Bearer 发送。',
  },
  token_invalid: {
    status: 401,
    en: 'The session has ended or never was; sign in again.',
    zh: '会话已结束或不存在；请重新登录。',
  },
  permission_missing: {
    status: 403,
    en: 'This needs the permission “{permission}”, which your role does not have; ask an administrator.',
    zh: '此操作需要“{permission}”权限，您的角色没有；请联系管理员。',
  },
  password_due: {
    status: 403,
    en: 'Choose a new password first: PUT /api/v1/account/password.',
    zh: '请先设置新密码：PUT /api/v1/account/password。',
  },
  second_factor_due: {
    status: 403,
    en: 'Your role asks for a second factor; set one up first: POST /api/v1/account/second-factor.',
    zh: '您的角色要求两步验证；请先设置：POST /api/v1/account/second-factor。',
  },
  ...accessMessages,
  sign_in_refused: {
    status: 401,
    en: 'Username or password is wrong; check both and try again.',
    zh: '用户名或密码错误；请核对后重试。',
  },
  sign_in_too_often: {
    status: 429,
    en: 'Too many attempts to sign in; wait {seconds} seconds and try again.',
    zh: '登录尝试过于频繁；请等待 {seconds} 秒后重试。',
  },
  setup_done: {
    status: 409,
    en: 'Cordboard has an administrator already; sign in instead.',
    zh: 'Cordboard 已有管理员；请直接登录。',
  },
  setup_code_wrong: {
    status: 403,
    en: 'The set-up code is wrong; it was printed at start and stands in {file}.',
    zh: '设置码错误；设置码在启动时打印，并保存在 {file} 中。',
  },

  // things
  user_not_found: {
    status: 404,
    en: 'There is no user {id}; GET /users lists them.',
    zh: '用户 {id} 不存在；可在用户列表中查看。',
  },
  user_exists: {
    status: 409,
    en: 'The username {username} is taken; choose another.',
    zh: '用户名 {username} 已被使用；请换一个。',
  },
  user_last_admin: {
    status: 409,
    en: '{username} is the last administrator; make another one first.',
    zh: '{username} 是最后一位管理员；请先添加另一位管理员。',
  },
  route_unknown: {
    status: 404,
    en: 'There is no route {id}; GET /routes lists them.',
    zh: '路由 {id} 不存在；可在路由列表中查看。',
  },
  route_exists: {
    status: 409,
    en: 'The number {calledNumber} has a route already; change that one.',
    zh: '号码 {calledNumber} 已有路由；请修改该路由。',
  },
  queue_not_found: {
    status: 404,
    en: 'There is no queue {id}; choose one that exists.',
    zh: '队列 {id} 不存在；请选择已有队列。',
  },
  queue_exists: {
    status: 409,
    en: 'There is a queue {id} already; choose another id.',
    zh: '队列 {id} 已存在；请换一个标识。',
  },
  queue_in_use: {
    status: 409,
    en: 'The queue {id} is used by {user}; take it out there first.',
    zh: '队列 {id} 正被 {user} 使用；请先在该处移除。',
  },
  agent_not_found: {
    status: 404,
    en: 'There is no agent {id}; choose one that exists.',
    zh: '坐席 {id} 不存在；请选择已有坐席。',
  },
  agent_exists: {
    status: 409,
    en: 'There is an agent {id} already; choose another number.',
    zh: '坐席 {id} 已存在；请换一个工号。',
  },
  agent_signed_in: {
    status: 409,
    en: 'Agent {id} is signed in; sign him out first.',
    zh: '坐席 {id} 已签入；请先将其签出。',
  },
  agent_signed_out: {
    status: 409,
    en: 'Agent {id} is not signed in at any station; he signs in by dialling *11{id}#.',
    zh: '坐席 {id} 未在任何话机签入；请拨 *11{id}# 签入。',
  },
  agent_busy: {
    status: 409,
    en: 'Agent {id} is {state}; wait until the call has ended.',
    zh: '坐席 {id} 当前状态为 {state}；请等待通话结束。',
  },
  sip_station_not_found: {
    status: 404,
    en: 'There is no SIP telephone {number}; choose one that exists.',
    zh: 'SIP 话机 {number} 不存在；请选择已有话机。',
  },
  station_in_use: {
    status: 409,
    en: 'Telephone {number} belongs to the ring group {group}; take it out there first.',
    zh: '话机 {number} 属于振铃组 {group}；请先在该处移除。',
  },
  number_in_use: {
    status: 409,
    en: 'The number {number} belongs to {user} already; choose another.',
    zh: '号码 {number} 已用于{user}；请换一个。',
  },
  number_reserved: {
    status: 409,
    en: 'No telephone or group may have a number that begins with {emergency}: whoever dials it key by key would reach the emergency service. Choose another.',
    zh: '话机和振铃组的号码不能以 {emergency} 开头：逐键拨号会接通紧急服务。请换一个。',
  },
  trunk_not_found: {
    status: 404,
    en: 'There is no trunk {id}; choose one that exists.',
    zh: '中继 {id} 不存在；请选择已有中继。',
  },
  trunk_exists: {
    status: 409,
    en: 'There is a trunk {id} already; choose another id.',
    zh: '中继 {id} 已存在；请换一个标识。',
  },
  trunk_in_use: {
    status: 409,
    en: 'The trunk {id} is used by the route out {route}; take it out there first.',
    zh: '中继 {id} 正被呼出路由 {route} 使用；请先在该处移除。',
  },
  trunk_span_taken: {
    status: 409,
    en: 'E1 {span} belongs to the trunk {trunk} already; an E1 has one trunk.',
    zh: 'E1 {span} 已属于中继 {trunk}；一条 E1 只能属于一个中继。',
  },
  trunk_needs_username: {
    status: 400,
    en: 'A trunk that registers needs a username; give one, or choose mode address.',
    zh: '注册方式的中继需要用户名；请填写，或选择 address 方式。',
  },
  tls_needs_srtp: {
    status: 400,
    en: 'With security tls the audio is encrypted, too: leave this out, or say required.',
    zh: '安全级别为 tls 时语音也会加密：请省略此项，或设为 required。',
  },
  trunk_field_foreign: {
    status: 400,
    en: 'Only a trunk of kind {kind} has this; leave it out.',
    zh: '仅 {kind} 类型的中继有此项；请删除。',
  },
  outbound_route_not_found: {
    status: 404,
    en: 'There is no route out {id}; GET /outbound-routes lists them.',
    zh: '呼出路由 {id} 不存在；可在呼出路由列表中查看。',
  },
  strip_too_long: {
    status: 400,
    en: '{strip} digits are more than some numbers have that fit {pattern}; take away fewer.',
    zh: '符合 {pattern} 的某些号码不足 {strip} 位；请减少去掉的位数。',
  },
  ring_group_not_found: {
    status: 404,
    en: 'There is no ring group {number}; choose one that exists.',
    zh: '振铃组 {number} 不存在；请选择已有振铃组。',
  },
  sip_ban_not_found: {
    status: 404,
    en: 'The address {address} is not banned.',
    zh: '地址 {address} 未被封禁。',
  },
  call_not_found: {
    status: 404,
    en: 'There is no call {id}, or it is not yours to see.',
    zh: '呼叫 {id} 不存在，或您无权查看。',
  },
  not_in_call: {
    status: 409,
    en: 'Nobody at telephone {station} is in call {id} (any more).',
    zh: '话机 {station} 不在呼叫 {id} 中（或已离开）。',
  },
  call_wrong_state: {
    status: 409,
    en: 'Call {id} cannot do that now: it is {phase}.',
    zh: '呼叫 {id} 现在无法执行该操作：当前状态为 {phase}。',
  },
  number_leads_nowhere: {
    status: 422,
    en: 'Nobody can be called by {number}: {reason}. Check the number, the routes and what the telephone may dial.',
    zh: '号码 {number} 无法呼出：{reason}。请检查号码、路由和话机的拨号权限。',
  },
  recording_not_found: {
    status: 404,
    en: 'There is no recording {id} to be heard.',
    zh: '录音 {id} 不存在或无法播放。',
  },
  ...flowMessages,
  ...conferenceMessages,
  ...deskMessages,
  ...diagnosticMessages,
  ...contactMessages,
  ...recordingMessages,
  ...callbackMessages,
  ...musicMessages,
  ...importMessages,
  ...updateMessages,
  ...voiceMessages,
  ...trunkMessages,
  ...boardMessages,
  ...routingMessages,
  ...phoneMessages,
  ...surveyMessages,
  ...reportMessages,
  ...boxMessages,
  exchange_call_not_found: {
    status: 404,
    en: 'The exchange simulator has no call {id}; it may have ended.',
    zh: '交换机模拟器没有呼叫 {id}；可能已结束。',
  },
  span_not_found: {
    status: 404,
    en: 'There is no span {span}; GET /spans lists them.',
    zh: '没有 E1 {span}；可在 E1 列表中查看。',
  },
  span_busy: {
    status: 409,
    en: 'Span {span} has no idle timeslot; wait or choose another span.',
    zh: 'E1 {span} 没有空闲时隙；请等待或选择其他 E1。',
  },
  station_not_found: {
    status: 404,
    en: 'There is no station {station}; GET /stations lists them.',
    zh: '没有话机 {station}；可在话机列表中查看。',
  },
  phone_wrong_state: {
    status: 409,
    en: 'Telephone {station} cannot do that now: {reason}.',
    zh: '话机 {station} 现在无法执行该操作：{reason}。',
  },
  clip_not_found: {
    status: 404,
    en: 'There is no prompt named {name}; GET /system shows where prompts are looked for.',
    zh: '没有名为 {name} 的提示音；请检查提示音目录。',
  },

  // lines
  line_unknown: {
    status: 404,
    en: 'There is no {line}; choose a trunk or a telephone that exists.',
    zh: '{line} 不存在；请选择已有的中继或话机。',
  },
  line_refused: {
    status: 409,
    en: '{line} cannot be called: {reason}.',
    zh: '无法呼叫 {line}：{reason}。',
  },
  leg_not_found: {
    status: 404,
    en: 'There is no leg {leg} (any more); the call on it has ended.',
    zh: '呼叫支路 {leg} 不存在；其通话已结束。',
  },

  // the engine
  engine_refused: {
    status: 409,
    en: 'The engine refused {command}: {reason}.',
    zh: '引擎拒绝了 {command}：{reason}。',
  },
  sip_unavailable: {
    status: 503,
    en: 'SIP is not running; telephones and trunks that use it cannot call until it is.',
    zh: 'SIP 服务未运行；在其运行之前，SIP 话机与中继无法通话。',
  },
  engine_closed: {
    status: 503,
    en: 'The engine is not running; calls cannot be handled until it is.',
    zh: '引擎未运行；在其运行之前无法处理呼叫。',
  },

  // the database
  database_corrupt: {
    status: 500,
    en: 'The database {file} is damaged: {reason}. Move it away and put back a copy (the newest are {backups}), then start again.',
    zh: '数据库 {file} 已损坏：{reason}。请将其移走并恢复备份（最新备份：{backups}），然后重新启动。',
  },
  database_newer: {
    status: 500,
    en: 'The database {file} was made by a newer version (it has {migration}); start that version, or put back the copy kept before the update.',
    zh: '数据库 {file} 由更新的版本创建（包含 {migration}）；请启动该版本，或恢复升级前保留的备份。',
  },
  database_busy: {
    status: 503,
    en: 'The database is locked by another program for {waitedMs} ms; end that program and try again.',
    zh: '数据库被其他程序锁定已达 {waitedMs} 毫秒；请结束该程序后重试。',
  },
  database_overloaded: {
    status: 503,
    en: '{waiting} writes wait for the database already; try again shortly.',
    zh: '已有 {waiting} 个写操作在等待数据库；请稍后重试。',
  },
  database_full: {
    status: 507,
    en: 'The disk that holds the database is full; remove what is not needed, then try again.',
    zh: '数据库所在的磁盘已满；请清理不需要的内容后重试。',
  },
  database_closed: {
    status: 503,
    en: 'The database is closed because Cordboard is stopping.',
    zh: 'Cordboard 正在停止，数据库已关闭。',
  },
  database_work_timeout: {
    status: 500,
    en: 'A piece of work kept the database for more than {limitMs} ms and was undone.',
    zh: '某项数据库操作超过 {limitMs} 毫秒，已撤销。',
  },
  reference_missing: {
    status: 409,
    en: 'Something that this refers to does not exist (any more); reload and try again.',
    zh: '所引用的对象不存在（或已被删除）；请刷新后重试。',
  },

  // settings
  settings_unreadable: {
    status: 400,
    en: 'The settings {file} cannot be read: {reason}.',
    zh: '无法读取设置文件 {file}：{reason}。',
  },
  settings_not_json: {
    status: 400,
    en: '{file}, line {line}, column {column}: {reason}. Correct it and start again.',
    zh: '{file} 第 {line} 行第 {column} 列：{reason}。请修改后重新启动。',
  },
  settings_invalid: {
    status: 400,
    en: 'The settings do not fit: {problems}',
    zh: '设置不符合要求：{problems}',
  },
  settings_newer: {
    status: 400,
    en: 'The settings {file} have version {version}, newer than {known}, which is all this version knows; start the newer version or put back {backup}.',
    zh: '设置文件 {file} 的版本为 {version}，高于本程序支持的 {known}；请启动较新的版本，或恢复 {backup}。',
  },
  country_not_found: {
    status: 400,
    en: 'There is no country {code} in {folder}; there are: {known}.',
    zh: '{folder} 中没有国家 {code}；现有：{known}。',
  },
  country_invalid: {
    status: 400,
    en: 'The country file {file} does not fit: {problems}',
    zh: '国家文件 {file} 不符合要求：{problems}',
  },
  r2_protocol_not_found: {
    status: 400,
    en: 'There is no R2 protocol {code} in {folder}; there are: {known}.',
    zh: '{folder} 中没有 R2 信令规范 {code}；现有：{known}。',
  },
  r2_protocol_invalid: {
    status: 400,
    en: 'The file {file} of an R2 protocol does not fit: {problems}',
    zh: 'R2 信令规范文件 {file} 不符合要求：{problems}',
  },
  tls_incomplete: {
    status: 400,
    en: '{folder} lacks {file}; put it there, or remove the other one so that both are made anew.',
    zh: '{folder} 中缺少 {file}；请补上，或删除另一个文件以重新生成两者。',
  },
  tls_unreadable: {
    status: 400,
    en: 'The key and the certificate in {folder} cannot be used: {reason}. Put right ones there, or remove both so that they are made anew.',
    zh: '{folder} 中的密钥和证书无法使用：{reason}。请换成正确的文件，或同时删除两者以重新生成。',
  },
} as const satisfies Record<string, Message>;

export type MessageCode = keyof typeof messages;

type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/** What stands in for a {name}; a part of a sentence comes in both languages. */
export type MessageParam = string | number | { readonly en: string; readonly zh: string };

/** The parameters that a message needs. */
export type MessageParams<Code extends MessageCode> = {
  [Name in NamesIn<(typeof messages)[Code]['en']>]: MessageParam;
};
