// What is said when boards are set up; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const boardMessages = {
  board_profile_invalid: {
    status: 500,
    en: 'The profile of a board in {file} does not fit: {problems}.',
    zh: '{file} 中的板卡配置有误：{problems}。',
  },
  boards_not_possible: {
    status: 409,
    en: 'The boards cannot be set up like this: {problems}',
    zh: '板卡不能这样设置：{problems}',
  },
  boards_being_applied: {
    status: 409,
    en: 'The boards are being set up just now; wait until that is done.',
    zh: '板卡正在设置中；请等待完成。',
  },
  boards_not_root: {
    status: 403,
    en: 'Only root may set up the driver: sudo cordboard boards {command}.',
    zh: '只有 root 可以设置驱动：sudo cordboard boards {command}。',
  },
  boards_file_failed: {
    status: 500,
    en: '{file} could not be written ({reason}); nothing has been changed.',
    zh: '无法写入 {file}（{reason}）；未作任何更改。',
  },
  boards_no_previous: {
    status: 404,
    en: 'There is no earlier set-up of the boards to go back to.',
    zh: '没有可恢复的上一次板卡设置。',
  },
} as const satisfies Record<string, Message>;
