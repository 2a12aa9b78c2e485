import type { CallFigure, Report, ReportRow, ReportUnit } from '@cordboard/daemon/contract';
import type { LocationQueryRaw } from 'vue-router';
import { duration } from '@/format/time';
import { endOf } from './zone-time';

/** – where there is nothing that it could be computed from. */
export function valueText(value: number | null | undefined, unit: ReportUnit): string {
  if (value === null || value === undefined) return '–';
  if (unit === 'duration') return duration(value);
  if (unit === 'share') return `${(value * 100).toFixed(1)}%`;
  if (unit === 'score') return value.toFixed(2);
  return value.toLocaleString('en');
}

const OF: Partial<Record<Report['report'], string>> = { queues: 'queueId', agents: 'agentId', trunks: 'trunk' };

/** Figures that are computed of others lead to the calls that count in them. */
const COUNTS_OF: Readonly<Record<string, CallFigure>> = {
  ...{ serviceLevel: 'answeredInTime', serviceLevelAnswered: 'answeredInTime', serviceLevelAll: 'answeredInTime' },
  ...{ answerRate: 'answered', asa: 'answered', abandonmentRate: 'abandoned', longestWait: 'offered' },
  ...{ averageTalk: 'handled', averageHold: 'handled', averageWrapUp: 'handled', aht: 'handled' },
  ...{ transferRate: 'handled', connectRate: 'seized', used: 'seized', loss: 'lost' },
};

/** The figure whose calls are shown for this one, if there are any to show. */
export function followed(
  figure: { id: string; calls: boolean },
  values: Readonly<Record<string, number | null>>,
): string | null {
  const counted = figure.calls ? figure.id : COUNTS_OF[figure.id];
  if (counted === undefined) return null;
  return (values[counted] ?? values[figure.id] ?? 0) > 0 ? counted : null;
}

/** The query of the list of calls behind a figure; `row` left out: of the total. `among`: what the report was filtered by. */
export function callsBehind(
  report: Report,
  figure: string,
  row: ReportRow | undefined,
  among: readonly string[],
): LocationQueryRaw {
  const behind: string = figure === 'handled' && report.report === 'agents' ? 'agentHandled' : figure;
  const key = OF[report.report];
  const of = row && key ? (row.keys[key] ?? '') : among.join(',');
  const at = row?.at ?? null;
  const from = at === null ? report.from : Math.max(at, report.from);
  const to = at === null ? report.to : Math.min(endOf(at, report.by, report.zone), report.to);
  return {
    behind: behind as CallFigure,
    ...(of === '' ? {} : { of }),
    from: String(from),
    to: String(to),
  };
}

/** The keys of a row as people read them. */
export function keyText(row: ReportRow, key: string, none: string): string {
  const value = row.keys[key] ?? '';
  const name = row.names[key];
  if (name === undefined) return value === '' ? none : value;
  return key === 'agentId' && !name.includes(value) ? `${name} ${value}` : name;
}

/** Between the keys of a row in its name. */
export const NAME_PARTS = ' · ';

/** What a row is called in a chart. */
export const rowName = (row: ReportRow, keys: readonly string[], none: string): string =>
  keys
    .map((key) => keyText(row, key, ''))
    .filter((text) => text !== '')
    .join(NAME_PARTS) || none;
