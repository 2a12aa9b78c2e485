// What is said of music; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const musicMessages = {
  music_not_found: {
    status: 404,
    en: 'There is no music {id}; GET /music lists all.',
    zh: '音乐 {id} 不存在；可在音乐列表中查看。',
  },
  music_bundled: {
    status: 409,
    en: 'The playlist {id} comes with the box and cannot be changed; make one of your own.',
    zh: '播放列表 {id} 为系统自带，不能修改；请另建一个。',
  },
  music_in_use: {
    status: 409,
    en: 'The playlist {id} is played by {user}; change that first.',
    zh: '播放列表 {id} 正被 {user} 使用；请先修改。',
  },
  music_full: {
    status: 409,
    en: 'There may be {limit} of them at most; remove some first.',
    zh: '最多 {limit} 个；请先删除一些。',
  },
} as const satisfies Record<string, Message>;
