// Alarms of the recordings and of the database, to the administrator's address, when they begin.
import { hostname } from 'node:os';
import type { Language, LiveEvents } from '../contract/index.js';
import type { MailService } from '../mail/index.js';
import { errorText, type Clock, type EventSource, type Log, type Unsubscribe } from '../platform/index.js';

const WHAT = {
  space: { en: 'the disk of the recordings is nearly full', 'zh-CN': '录音磁盘空间不足' },
  clock: { en: 'the clock was changed: no recording is removed', 'zh-CN': '系统时钟被更改：暂停清理录音' },
  database: {
    en: 'the database is damaged: restore the last sound back-up, and have the disk checked',
    'zh-CN': '数据库文件损坏：请恢复最近一次完好的备份，并检查磁盘',
  },
} as const;

export interface AlarmMailOptions {
  live: EventSource<LiveEvents>;
  mail: MailService;
  /** empty: nobody is told */
  to: () => string;
  language: Language;
  clock: Clock;
  log: Log;
}

export function mailAlarms({ live, mail, to: whom, language, clock, log }: AlarmMailOptions): Unsubscribe {
  return live.on('recording.alarm', ({ kind, detail, active }) => {
    const to = whom();
    if (!active || to === '' || !mail.ready) return;
    const at = new Date(clock.wallMs()).toISOString();
    mail
      .send({ to, language, text: 'alarm', values: { box: hostname(), what: WHAT[kind][language], detail, at } })
      .catch((error: unknown) => log.error({ err: error, kind }, `nobody is told of an alarm: ${errorText(error)}`));
  });
}
