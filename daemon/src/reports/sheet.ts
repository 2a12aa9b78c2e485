// A table as it is printed, whatever kind of file it becomes; made where the report is, filled into a file in a thread of its own.
import type { Language, Report, ReportFormat, ReportUnit } from '../contract/index.js';
import type { ZoneClock } from '../calendar/index.js';
import { figureOf, reportOf } from './definitions.js';

export interface SheetColumn {
  title: string;
  /** text: words; at: a time, given as text */
  unit: ReportUnit | 'text' | 'at';
}

export interface Sheet {
  title: string;
  /** under the title: which time, of what, made when */
  lines: string[];
  columns: SheetColumn[];
  /** durations in ms, shares from 0 to 1 */
  rows: (string | number | null)[][];
  totals: (string | number | null)[] | null;
  /** at the end: what each figure is computed from */
  notes: string[];
  language: Language;
}

export type FileFormat = Exclude<ReportFormat, 'json'>;

export const FILE_TYPES: Record<FileFormat, string> = {
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  csv: 'text/csv; charset=utf-8',
  pdf: 'application/pdf',
};

const WORDS = {
  'zh-CN': {
    ...{
      queueId: '队列',
      agentId: '坐席',
      trunk: '中继',
      flowId: '流程',
      node: '节点',
      exit: '去向',
      reason: '小休原因',
    },
    ...{ at: '时间', total: '合计', none: '（无）', to: '至', zone: '时区', formulas: '指标口径', entered: '进入流程' },
    ...{ key: '按 {key}', timeout: '超时未按键', invalid: '按键无效', gone: '中途挂机' },
  },
  en: {
    ...{
      queueId: 'Queue',
      agentId: 'Agent',
      trunk: 'Trunk',
      flowId: 'Flow',
      node: 'Node',
      exit: 'Way out',
      reason: 'Reason',
    },
    ...{
      at: 'Time',
      total: 'Total',
      none: '(none)',
      to: 'to',
      zone: 'Time zone',
      formulas: 'How figures are computed',
      entered: 'Came in',
    },
    ...{ key: 'Key {key}', timeout: 'No key in time', invalid: 'Wrong key', gone: 'Hung up' },
  },
} as const;

export function wordsOf(language: Language): (typeof WORDS)[Language] {
  return WORDS[language];
}

/** A way out of a menu, as people call it. */
export function exitName(exit: string, node: string, language: Language): string {
  const words = WORDS[language];
  if (exit === '') return node === '' ? words.entered : words.none;
  if (exit === 'timeout' || exit === 'invalid' || exit === 'gone') return words[exit];
  return words.key.replace('{key}', exit);
}

const REASONS: Readonly<Record<string, Record<Language, string>>> = {
  '': { 'zh-CN': '未注明原因', en: 'No reason given' },
  no_answer: { 'zh-CN': '无人接听', en: 'No answer' },
  station_failed: { 'zh-CN': '话机故障', en: 'Telephone at fault' },
  station_lost: { 'zh-CN': '话机断开', en: 'Telephone lost' },
  forced: { 'zh-CN': '由班长设置', en: 'Set by the supervisor' },
  restart: { 'zh-CN': '服务重启', en: 'Restart' },
};

/** Of a reason that no table lays down. */
export function reasonName(reason: string, language: Language): string {
  return REASONS[reason]?.[language] ?? (language === 'en' ? `Reason ${reason}` : `原因 ${reason}`);
}

const two = (value: number): string => String(value).padStart(2, '0');

/** By the clock on the wall. */
export function wallText(at: number, zone: ZoneClock, by: Report['by'] | 'moment'): string {
  const wall = new Date(zone.wallOf(at));
  const day = `${wall.getUTCFullYear()}-${two(wall.getUTCMonth() + 1)}-${two(wall.getUTCDate())}`;
  if (by === 'month') return day.slice(0, 7);
  if (by === 'day') return day;
  return `${day} ${two(wall.getUTCHours())}:${two(wall.getUTCMinutes())}`;
}

export function reportSheet(report: Report, zone: ZoneClock, language: Language): Sheet {
  const definition = reportOf(report.report);
  const words = WORDS[language];
  const timed = report.by !== 'none';
  const keys = definition.keys as readonly (keyof typeof words)[];
  const figures = definition.figures.map(figureOf);
  const head: SheetColumn[] = [
    ...(timed ? [{ title: words.at, unit: 'at' as const }] : []),
    ...keys.map((key) => ({ title: words[key], unit: 'text' as const })),
  ];
  const values = (of: Readonly<Record<string, number | null>>): (number | null)[] =>
    figures.map(({ id }) => of[id] ?? null);
  return {
    title: definition.name[language],
    lines: [
      `${wallText(report.from, zone, 'moment')} ${words.to} ${wallText(report.to, zone, 'moment')} (${words.zone} ${zone.zone})`,
      definition.purpose[language],
    ],
    columns: [...head, ...figures.map(({ name, unit }) => ({ title: name[language], unit }))],
    rows: report.rows.map(({ at, keys: own, names, figures: of }) => [
      ...(timed ? [at === null ? '' : wallText(at, zone, report.by)] : []),
      ...keys.map((key) => keyText(key, own[key] ?? '', names[key], words.none)),
      ...values(of),
    ]),
    totals: head.length === 0 ? null : [words.total, ...head.slice(1).map(() => ''), ...values(report.totals)],
    notes: [words.formulas, ...figures.map(({ name, formula }) => `${name[language]} = ${formula[language]}`)],
    language,
  };
}

function keyText(key: string, value: string, name: string | undefined, none: string): string {
  if (name === undefined) return value === '' ? none : value;
  return key === 'agentId' ? `${name} ${value}` : name;
}

/** h:mm:ss, as people write a duration. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export function valueText(value: string | number | null, unit: SheetColumn['unit']): string {
  if (value === null) return '–';
  if (typeof value === 'string') return value;
  if (unit === 'duration') return durationText(value);
  if (unit === 'share') return `${(value * 100).toFixed(1)} %`;
  if (unit === 'score') return value.toFixed(2);
  return String(value);
}

/** What a spreadsheet might take for a formula is text: an apostrophe before it says so. */
export function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
