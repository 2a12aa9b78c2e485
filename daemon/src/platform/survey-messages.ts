// What is said of surveys; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const surveyMessages = {
  survey_not_found: {
    status: 404,
    en: 'There is no survey {id}; GET /surveys lists them.',
    zh: '满意度调查 {id} 不存在；可在调查列表中查看。',
  },
  survey_exists: {
    status: 409,
    en: 'There is a survey {id} already; change that one or choose another id.',
    zh: '满意度调查 {id} 已存在；请修改该调查或换一个标识。',
  },
  survey_in_use: {
    status: 409,
    en: 'The survey {id} is used by {user}; change that first.',
    zh: '满意度调查 {id} 正被 {user} 使用；请先修改。',
  },
  survey_off: {
    status: 409,
    en: 'The survey {id} is switched off; switch it on, or name another one.',
    zh: '满意度调查 {id} 已停用；请启用或选择其他调查。',
  },
  survey_none: {
    status: 409,
    en: 'There is no survey that is switched on; make one first.',
    zh: '没有启用的满意度调查；请先添加。',
  },
  survey_rule_not_found: {
    status: 404,
    en: 'There is no survey rule {id}; GET /survey-rules lists them.',
    zh: '调查规则 {id} 不存在；可在调查规则列表中查看。',
  },
  survey_question_twice: {
    status: 400,
    en: 'The question {id} stands here twice; give each question a name of its own.',
    zh: '问题 {id} 重复；请为每个问题使用不同的标识。',
  },
  survey_question_silent: {
    status: 400,
    en: 'Nothing is said here; name a prompt, or write a text in Chinese and in English.',
    zh: '此处没有内容；请指定提示音，或填写中文和英文文本。',
  },
  survey_text_missing: {
    status: 400,
    en: 'The text in {language} is missing; write it in both languages, or name a prompt.',
    zh: '缺少 {language} 文本；请填写两种语言，或指定提示音。',
  },
  survey_prompt_missing: {
    status: 400,
    en: 'There is no prompt {name}; GET /prompts lists them.',
    zh: '提示音 {name} 不存在；可在提示音列表中查看。',
  },
  survey_range_empty: {
    status: 400,
    en: 'The best score must be more than the least one.',
    zh: '最高分必须大于最低分。',
  },
  survey_key_twice: {
    status: 400,
    en: 'The key {key} means two things; give each answer a key of its own.',
    zh: '按键 {key} 重复；请为每个答案使用不同的按键。',
  },
  survey_no_recorder: {
    status: 400,
    en: 'This box cannot record what callers say in a flow; leave the comment out.',
    zh: '本机无法在流程中录制来电者留言；请删除留言问题。',
  },
} as const satisfies Record<string, Message>;
