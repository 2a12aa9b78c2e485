// What leaves the box: files of reports, and reports that are mailed by themselves, to a real SMTP server.
import { execFile } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import readXlsx from 'read-excel-file/node';
import { SMTPServer } from 'smtp-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ZoneClock } from '../../daemon/src/calendar/index.js';
import { SettingsSchema } from '../../daemon/src/config/index.js';
import type { ReportScheduleCreate } from '../../daemon/src/contract/index.js';
import type { Db, ReportRunRow } from '../../daemon/src/db/index.js';
import { MailService, smtpTransport } from '../../daemon/src/mail/index.js';
import { Metrics, silentLog } from '../../daemon/src/platform/index.js';
import { ReportService, makeFile, nextDue, periodOf, type Sheet } from '../../daemon/src/reports/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { FIRST_DAY, people, rowsOf, type Happened } from '../support/report-history.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { testDatabase } from '../support/test-database.js';

const HOUR_MS = 3_600_000;
const zone = new ZoneClock('Asia/Shanghai');

const sheet: Sheet = {
  ...{ title: '队列', lines: ['2026-10-26'], notes: ['接通率 = 接听 ÷ 呼入排队'], language: 'zh-CN' },
  columns: [
    { title: '队列', unit: 'text' },
    { title: '接通率', unit: 'share' },
    { title: '平均', unit: 'duration' },
  ],
  rows: [
    ['=HYPERLINK("http://x")', 0.5, 65_000],
    ['+1', null, null],
    ['@a', 1, 0],
    ['\tb', 1, 0],
  ],
  totals: ['合计', 0.5, 65_000],
};

describe('a file of a report', () => {
  it('opens as a spreadsheet, in which no name is a formula', async () => {
    const file = await makeFile(sheet, 'xlsx');
    const read = (await readXlsx(file)) as unknown;
    const rows = (
      Array.isArray(read) && 'data' in (read[0] as object) ? (read[0] as { data: unknown }).data : read
    ) as unknown[][];
    const texts = rows.map((row) => row[0]);
    expect(texts).toEqual(expect.arrayContaining(['队列', `'=HYPERLINK("http://x")`, "'+1", "'@a", '合计']));
    const row = rows.find(([name]) => name === `'=HYPERLINK("http://x")`)!;
    expect(row[1]).toBe(0.5);
    // A duration is a part of a day, which begins where the calendar of spreadsheets does.
    expect(Number(row[2]) - Date.UTC(1899, 11, 30)).toBe(65_000);
  });

  it('is a CSV file for programs: seconds, shares, and names that are no formula', async () => {
    const text = (await makeFile(sheet, 'csv')).toString('utf8');
    expect(text.split('\r\n')).toMatchObject([
      '\u{feff}队列,接通率,平均 (s)',
      `"'=HYPERLINK(""http://x"")",0.5,65`,
      "'+1,,",
      "'@a,1,0",
      "'\tb,1,0",
      '合计,0.5,65',
      '',
    ]);
  });

  it('is a PDF document with its Chinese letters in it', async () => {
    const file = await makeFile(sheet, 'pdf');
    expect(file.subarray(0, 5).toString()).toBe('%PDF-');
    expect(file.toString('latin1').match(/\/Type \/Page\b(?!s)/g)).toHaveLength(1);
    expect(file.toString('latin1')).toMatch(/FontFile3?\b[\s\S]*NotoSansCJK|NotoSansCJK[\s\S]*FontFile/);
    if (!existsSync('/usr/bin/pdftotext')) return;
    const path = join(temporaryFolder(), 'report.pdf');
    writeFileSync(path, file);
    const { stdout } = await promisify(execFile)('pdftotext', [path, '-']);
    expect(stdout).toContain('接通率');
  });
});

async function mailServer() {
  const received: string[] = [];
  let heard: () => void = () => undefined;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (data: Buffer) => (text += data.toString()));
      stream.on('end', () => {
        received.push(text);
        done();
        heard();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.server.address() as AddressInfo;
  const count = async (wanted: number): Promise<void> => {
    while (received.length < wanted) await new Promise<void>((resolve) => (heard = resolve));
  };
  return { port, received, count };
}

function box(db: Db, clock: FakeClock, port: number) {
  const settings = SettingsSchema.parse({ mail: { host: '127.0.0.1', port, tls: 'none', from: 'box@example.com' } });
  const common = { db, clock, log: silentLog, metrics: new Metrics() };
  const mail = new MailService({ ...common, domain: 'example.com', transport: smtpTransport(settings.mail) });
  const service = new ReportService({ ...common, zone, send: (one) => mail.send({ ...one, text: 'report' }) });
  const stop = async (): Promise<void> => {
    await service.stop();
    await mail.stop();
  };
  return {
    service,
    stop,
    async start() {
      mail.start();
      await service.start();
      onTestFinished(stop);
    },
  };
}

const daily: ReportScheduleCreate = {
  ...{
    name: '每日队列',
    report: 'queues',
    period: 'yesterday',
    by: 'none',
    filters: {},
    format: 'csv',
    language: 'zh-CN',
  },
  ...{ recipients: ['li@example.org', 'wang@example.org'], time: '08:00', days: [1, 2, 3, 4, 5, 6, 7], enabled: true },
};

const call: Happened = {
  ...{ atMs: HOUR_MS, queue: 'sales', waitMs: 1000, outcome: 'answered', missedBefore: null, agent: '2001' },
  ...{ talkMs: 60_000, holdMs: 0, wrapUpMs: 0, transferred: false, broken: false },
};

describe('a scheduled report', () => {
  it('comes to each recipient when it is due, with the figures of its time', async () => {
    const server = await mailServer();
    const db = await testDatabase();
    await people(db);
    const { call: row, segments } = rowsOf(call);
    await db.put(() => ({ calls: [row], segments }));
    const clock = new FakeClock(FIRST_DAY + 31 * HOUR_MS);
    const { service, start } = box(db, clock, server.port);
    await start();
    const made = await service.schedules.put(daily, 'boss');
    expect(made.nextAt).toBe(FIRST_DAY + 32 * HOUR_MS);
    await clock.advance(HOUR_MS);
    await server.count(2);
    for (const text of server.received) {
      expect(text).toContain('queues-2026-10-30.csv');
      const attached = /base64\r\n(?:[^\r\n]+\r\n)*\r\n([A-Za-z0-9+/=\r\n]+)/g;
      const bodies = [...text.matchAll(attached)].map(([, body]) => Buffer.from(body!, 'base64').toString('utf8'));
      expect(bodies.join('\n')).toMatch(/sales,1,1,0/);
    }
    while ((await service.schedules.runs(made.id))[0]?.state !== 'sent')
      await new Promise((resolve) => setImmediate(resolve));
    expect((await service.schedules.list())[0]).toMatchObject({
      nextAt: FIRST_DAY + 56 * HOUR_MS,
      lastRun: { state: 'sent' },
    });
  });

  it('is sent once for all the times that were missed while the box was off', async () => {
    const server = await mailServer();
    const db = await testDatabase();
    await people(db);
    const before = box(db, new FakeClock(FIRST_DAY + HOUR_MS), server.port);
    const made = await before.service.schedules.put({ ...daily, recipients: ['li@example.org'] }, 'boss');
    const clock = new FakeClock(FIRST_DAY + 5 * 24 * HOUR_MS);
    const { service, start } = box(db, clock, server.port);
    await start();
    await server.count(1);
    while ((await service.schedules.runs(made.id))[0]?.state !== 'sent')
      await new Promise((resolve) => setImmediate(resolve));
    expect(await service.schedules.runs(made.id)).toHaveLength(1);
    expect(server.received).toHaveLength(1);
  });

  it('goes on with the recipients that are left when a crash has cut it off', async () => {
    const server = await mailServer();
    const db = await testDatabase();
    await people(db);
    const clock = new FakeClock(FIRST_DAY + HOUR_MS);
    const { service, start } = box(db, clock, server.port);
    const made = await service.schedules.put(daily, 'boss');
    const run: ReportRunRow = {
      ...{
        id: made.id.replace(/.$/, '0'),
        scheduleId: made.id,
        dueAt: clock.wallMs(),
        at: clock.wallMs(),
        state: 'running',
      },
      ...{ fromMs: FIRST_DAY - 24 * HOUR_MS, toMs: FIRST_DAY, error: null, mails: ['the first one'] },
    };
    await db.write((tx) => tx.reports.putRun(run));
    await start();
    await server.count(1);
    while ((await service.schedules.runs(made.id))[0]?.state !== 'sent')
      await new Promise((resolve) => setImmediate(resolve));
    expect(server.received).toHaveLength(1);
    expect(server.received[0]).toContain('wang@example.org');
  });
});

describe('periods', () => {
  it('are those of the wall, over a change of the clocks, too', () => {
    const berlin = new ZoneClock('Europe/Berlin');
    // The Monday after the clocks went back: the week before has 169 hours.
    const now = Date.UTC(2026, 9, 26, 7);
    const week = periodOf('lastWeek', now, berlin);
    expect((week.to - week.from) / HOUR_MS).toBe(169);
    const day = periodOf('yesterday', now, berlin);
    expect((day.to - day.from) / HOUR_MS).toBe(25);
    expect(periodOf('lastMonth', now, berlin)).toEqual({
      from: Date.UTC(2026, 7, 31, 22),
      to: Date.UTC(2026, 8, 30, 22),
    });
    expect(nextDue({ time: '08:00', days: [7] }, now, berlin)).toBe(Date.UTC(2026, 10, 1, 7));
  });
});
