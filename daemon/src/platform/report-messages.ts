// What is said of reports; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const reportMessages = {
  report_too_wide: {
    status: 422,
    en: 'This takes too long to look up; choose a shorter time or narrow it down.',
    zh: '查询耗时过长；请缩短时间范围或增加筛选条件。',
  },
  report_range_invalid: {
    status: 422,
    en: 'The end of the time must lie after its beginning, and the rows asked for be at most {most}; choose a shorter time or longer intervals.',
    zh: '结束时间须晚于开始时间，且结果最多 {most} 行；请缩短时间范围或加大时段。',
  },
  report_schedule_not_found: {
    status: 404,
    en: 'There is no scheduled report {id}; GET /report-schedules lists them.',
    zh: '定时报表 {id} 不存在；可在定时报表列表中查看。',
  },
  report_not_exportable: {
    status: 500,
    en: 'The file could not be made: {reason}.',
    zh: '文件未能生成：{reason}。',
  },
} as const satisfies Record<string, Message>;
