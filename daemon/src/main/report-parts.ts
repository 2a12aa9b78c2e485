// Reports, put together.
import type { ZoneClock } from '../calendar/index.js';
import type { Db } from '../db/index.js';
import type { Ports } from '../http/index.js';
import type { MailService } from '../mail/index.js';
import type { Clock, Log, Metrics } from '../platform/index.js';
import { ReportService, callSheet, type ReportServiceOptions } from '../reports/index.js';

export interface ReportPartsOptions {
  db: Db;
  mail: MailService;
  zone: ZoneClock;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

export function makeReports({ mail, ...options }: ReportPartsOptions): ReportService {
  const send: ReportServiceOptions['send'] = (one) => mail.send({ ...one, text: 'report' });
  return new ReportService({
    ...options,
    get send() {
      return mail.ready ? send : undefined;
    },
  });
}

export function reportsPort(service: ReportService, db: Db): Ports['reports'] {
  const { schedules } = service;
  return {
    definitions: () => service.definitions(),
    read: (request) => service.read(request),
    file: (request, format, language) => service.file(request, format, language),
    callFile: async (filter, format, language, reach) =>
      service.sheetFile(await callSheet(db, filter, service.zone, language, reach), 'calls', format),
    rebuild: () => service.rollUp.rebuild(),
    schedules: () => schedules.list(),
    putSchedule: (schedule, by, id, also) => schedules.put(schedule, by, id, also),
    removeSchedule: (id, also) => schedules.remove(id, also),
    runSchedule: (id) => schedules.runNow(id),
    runs: (id) => schedules.runs(id),
  };
}
