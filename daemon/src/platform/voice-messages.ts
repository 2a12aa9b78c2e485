// What is said of answers recorded in flows, and of prompts and announcements by telephone; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const voiceMessages = {
  flow_recording_not_found: {
    status: 404,
    en: 'There is no recording {id} of a flow; GET /flow-recordings lists them.',
    zh: '流程录音 {id} 不存在；可在流程录音列表中查看。',
  },
  announcement_number_not_found: {
    status: 404,
    en: 'The announcement {id} has no number for telephones; PUT /announcements/{id}/telephone gives it one.',
    zh: '公告 {id} 尚未设置电话号码；可通过 PUT /announcements/{id}/telephone 设置。',
  },
  too_many_prompt_tickets: {
    status: 429,
    en: 'Too many codes for recording prompts are open; use them, or wait until they expire.',
    zh: '尚未使用的提示音录制代码过多；请先使用或等待其过期。',
  },
} as const satisfies Record<string, Message>;
