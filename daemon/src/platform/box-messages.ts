// What is said of the simulator's sound, the settings and the back-ups; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const boxMessages = {
  line_sound_refused: {
    status: 503,
    en: 'This line cannot be listened to: {reason}. Stop listening to another one and try again; calls go on.',
    zh: '无法监听该线路：{reason}。请先停止监听其他线路再试；通话不受影响。',
  },
} as const satisfies Record<string, Message>;
