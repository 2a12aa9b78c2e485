// What is said of desk telephones that fetch their settings, and of alerts; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const phoneMessages = {
  phone_not_found: {
    status: 404,
    en: 'There is no desk telephone with the address {mac}; GET /phones lists them.',
    zh: '没有 MAC 地址为 {mac} 的话机；可在自动配置列表中查看。',
  },
  phone_exists: {
    status: 409,
    en: 'The telephone {mac} is assigned already; change that one.',
    zh: '话机 {mac} 已经分配；请直接修改它。',
  },
  phone_station_taken: {
    status: 409,
    en: 'Station {station} has a desk telephone already; remove that one, or take another station.',
    zh: '分机 {station} 已有一部自动配置的话机；请先删除那一部，或选择其他分机。',
  },
  phone_vendor_unknown: {
    status: 422,
    en: 'Nobody knows from {mac} who has made the telephone; say which maker it is.',
    zh: '无法从 {mac} 判断话机厂家；请指明厂家。',
  },
  phone_transport: {
    status: 422,
    en: 'Station {station} takes encrypted telephones alone; choose TLS, or change the station.',
    zh: '分机 {station} 只接受加密话机；请选择 TLS，或修改分机设置。',
  },
  phones_off: {
    status: 409,
    en: 'Telephones are not provisioned here; switch phones.enabled on in the settings.',
    zh: '话机自动配置未启用；请在系统设置中打开。',
  },
  alert_way_not_found: {
    status: 404,
    en: 'There is no way {id} to tell somebody; GET /alert-ways lists them.',
    zh: '告警途径 {id} 不存在；可在告警页查看。',
  },
  alert_way_in_use: {
    status: 409,
    en: 'The rule "{rule}" tells by this way; take it out of that rule first.',
    zh: '规则“{rule}”正在使用此途径；请先从该规则中移除。',
  },
  alert_rule_not_found: {
    status: 404,
    en: 'There is no such rule ({id}); GET /alert-rules lists them.',
    zh: '规则 {id} 不存在；可在告警页查看。',
  },
  alert_delivery_not_found: {
    status: 404,
    en: 'Nothing like {id} waits to be delivered again.',
    zh: '没有可重新发送的通知 {id}。',
  },
} as const satisfies Record<string, Message>;
