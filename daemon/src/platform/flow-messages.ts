// What is said of flows, announcements and prompts; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const flowMessages = {
  flow_not_found: {
    status: 404,
    en: 'There is no flow {id}; choose one that exists.',
    zh: '流程 {id} 不存在；请选择已有流程。',
  },
  flow_invalid: {
    status: 422,
    en: 'The flow {id} was not saved and the one in force stays; see the details.',
    zh: '流程 {id} 未保存，仍使用现有版本；请查看详细说明。',
  },
  flow_in_use: {
    status: 409,
    en: 'The flow {id} is used by the route of {calledNumber}; change that route first.',
    zh: '流程 {id} 正被号码 {calledNumber} 的路由使用；请先修改该路由。',
  },
  flow_called: {
    status: 409,
    en: 'The flow {id} is called by the flow {user}; change that flow first.',
    zh: '流程 {id} 正被流程 {user} 调用；请先修改该流程。',
  },
  flow_draft_not_found: {
    status: 404,
    en: 'The flow {id} has no draft; PUT /flows/{id}/draft begins one.',
    zh: '流程 {id} 没有草稿；请先保存草稿。',
  },
  flow_draft_changed: {
    status: 409,
    en: 'Meanwhile {by} has changed the draft of the flow {id}; read it anew, or write over it on purpose.',
    zh: '流程 {id} 的草稿刚被 {by} 修改过；请重新读取，或确认覆盖。',
  },
  flow_version_not_found: {
    status: 404,
    en: 'The flow {id} has no version {version}; GET /flows/{id}/versions lists them.',
    zh: '流程 {id} 没有版本 {version}；可在版本列表中查看。',
  },
  flow_node_not_found: {
    status: 404,
    en: 'The flow {id} has no node {node}; choose one that exists.',
    zh: '流程 {id} 没有节点 {node}；请选择已有节点。',
  },
  announcement_not_found: {
    status: 404,
    en: 'There is no announcement {id}; choose one that exists.',
    zh: '公告 {id} 不存在；请选择已有公告。',
  },
  announcement_in_use: {
    status: 409,
    en: 'The announcement {id} is used by the flow {user}; take it out there first.',
    zh: '公告 {id} 正被流程 {user} 使用；请先在该处移除。',
  },
  prompt_not_found: {
    status: 404,
    en: 'There is no prompt {name} of this box in {language}; GET /prompts lists them.',
    zh: '本机没有 {language} 的提示音 {name}；可在提示音列表中查看。',
  },
  prompt_in_use: {
    status: 409,
    en: 'The prompt {name} is used by {user}; take it out there first.',
    zh: '提示音 {name} 正被 {user} 使用；请先在该处移除。',
  },
  prompt_invalid: {
    status: 422,
    en: 'The sound cannot be used: {reason}. Send another file.',
    zh: '该音频无法使用：{reason}。请更换文件。',
  },
} as const satisfies Record<string, Message>;
