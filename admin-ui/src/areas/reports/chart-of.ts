import type { Language, Report, ReportFigure, ReportUnit } from '@cordboard/daemon/contract';
import { duration } from '@/format/time';
import { NAME_PARTS, rowName, valueText } from './figures';
import { momentText } from './zone-time';

const MOST_BARS = 20;
/** So many names stand beside each other, each part in a line of its own, in px that the narrowest page has for them. */
const FEW = 10;
const WIDE = 880;

interface Asked {
  report: Report;
  figure: ReportFigure;
  figures: readonly ReportFigure[];
  keys: readonly string[];
  language: Language;
  /** of a token, such as `ready` */
  colour: (name: string) => string;
  none: string;
}

/** Over time when the report has intervals, else the twenty greatest beside each other. */
export function chartOf({ report, figure, figures, keys, language, colour, none }: Asked): Record<string, unknown> {
  const timed = report.by !== 'none' && keys.length === 0;
  const load = timed && figure.id === 'offered';
  const rows = timed
    ? report.rows
    : [...report.rows].sort((a, b) => (b.figures[figure.id] ?? 0) - (a.figures[figure.id] ?? 0)).slice(0, MOST_BARS);
  const names = rows.map((row) => {
    const at = row.at === null ? '' : momentText(row.at, report.by, report.zone);
    const text = timed ? at : [at, rowName(row, keys, none)].filter((part) => part !== '').join(' ');
    return text;
  });
  const drawn = (id: string): ReportFigure => figures.find((one) => one.id === id) ?? figure;
  const unitOf: ReportUnit[] = [];
  const one = (of: ReportFigure, kind: 'bar' | 'line', token: string, more: object = {}): object => {
    unitOf.push(of.unit);
    return {
      name: of.name[language],
      type: kind,
      data: rows.map((row) => row.figures[of.id] ?? null),
      itemStyle: { color: colour(token) },
      lineStyle: { color: colour(token), width: 2 },
      ...(kind === 'bar' ? { barMaxWidth: 24 } : { showSymbol: rows.length < 40, symbolSize: 5, connectNulls: false }),
      ...more,
    };
  };
  // Answered and given up make the load; what they are told apart by besides colour is a pattern of lines.
  const hatched = {
    itemStyle: {
      color: colour('fault'),
      decal: { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 3], rotation: 0.8, color: colour('pane') },
    },
  };
  const series = load
    ? [
        one(drawn('answered'), 'bar', 'ready', { stack: 'load' }),
        one(drawn('abandoned'), 'bar', 'fault', { stack: 'load', ...hatched }),
        one(drawn('left'), 'bar', 'away', { stack: 'load' }),
        one(drawn('serviceLevel'), 'line', 'accent', { yAxisIndex: 1 }),
      ]
    : [one(figure, timed && figure.unit !== 'count' ? 'line' : 'bar', 'accent')];
  const few = rows.length <= FEW;
  const text = { color: colour('mute'), fontSize: 12, fontFamily: colour('font') };
  const axis = (unit: ReportUnit, further: object = {}): object => ({
    type: 'value',
    axisLabel: {
      ...text,
      formatter: (value: number) =>
        unit === 'share'
          ? `${Math.round(value * 100)}%`
          : unit === 'duration'
            ? duration(value)
            : valueText(value, unit),
    },
    splitLine: { lineStyle: { color: colour('line') } },
    ...(unit === 'count' ? { minInterval: 1 } : {}),
    ...(unit === 'share' ? { min: 0, max: 1 } : {}),
    ...further,
  });
  return {
    animation: false,
    textStyle: { fontFamily: colour('font') },
    // for the patterns; read out is the chart's name, and the figures as they stand in the table
    aria: { enabled: true, label: { enabled: false } },
    grid: { left: 8, right: 8, top: load ? 36 : 16, bottom: 4, containLabel: true },
    ...(load ? { legend: { top: 0, left: 0, itemWidth: 14, itemHeight: 8, textStyle: text } } : {}),
    tooltip: {
      trigger: 'axis',
      // drawn, not made of elements: what a name contains stays text
      renderMode: 'richText',
      backgroundColor: colour('pane'),
      borderColor: colour('line-strong'),
      textStyle: { color: colour('ink'), fontSize: 12, fontFamily: colour('font') },
      formatter: (points: { seriesIndex: number; seriesName: string; value: number | null; name: string }[]) =>
        [
          points[0]?.name ?? '',
          ...points.map(
            ({ seriesIndex, seriesName, value }) =>
              `${seriesName}  ${valueText(value, unitOf[seriesIndex] ?? 'count')}`,
          ),
        ].join('\n'),
    },
    xAxis: {
      type: 'category',
      data: names,
      axisLabel: {
        ...text,
        hideOverlap: true,
        lineHeight: 16,
        overflow: 'truncate',
        ...(few ? { interval: 0, width: WIDE / rows.length - 8 } : { width: 110 }),
        formatter: (name: string) => name.split(NAME_PARTS).join('\n'),
      },
      axisLine: { lineStyle: { color: colour('line-strong') } },
      axisTick: { show: false },
    },
    yAxis: load ? [axis('count'), axis('share', { splitLine: { show: false } })] : axis(figure.unit),
    series,
  };
}
