import type { ReportSchedule, ReportScheduleCreate } from '@cordboard/daemon/contract';

/** What was put in, of what the box tells. */
export function scheduleBody(one: ReportSchedule): ReportScheduleCreate {
  const { name, report, period, by, filters, format, language, recipients, time, days, enabled } = one;
  return { name, report, period, by, filters, format, language, recipients, time, days, enabled };
}

export function newSchedule(report: ReportScheduleCreate['report'], language: 'zh-CN' | 'en'): ReportScheduleCreate {
  return {
    ...{ name: '', report, period: 'yesterday', by: 'none', filters: {}, format: 'xlsx', language },
    ...{ recipients: [], time: '08:00', days: [1, 2, 3, 4, 5], enabled: true },
  };
}
