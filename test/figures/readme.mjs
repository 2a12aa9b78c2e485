// Puts measured figures into the tables of README.md and README.zh-CN.md:
//
//   npm run -s figures -- engine --json > build/engine.json && node test/figures/readme.mjs build/engine.json
//
// Several files are one: what a later one says counts, so that a part can be measured again. Nothing is rounded in our
// favour: a figure is shown with three digits beside its goal, whether it is reached or not.
import { readFileSync, writeFileSync } from 'node:fs';
import { inRoot } from '../../install/lib/paths.mjs';

const BEGIN = '<!-- figures: engine -->';
const END = '<!-- end of figures -->';

const HEADS = { 'README.md': ['what', 'measured', 'goal'], 'README.zh-CN.md': ['内容', '实测', '目标'] };

/** A duration given in ns with three digits and the unit that suits it. */
const time = (ns) => (ns >= 1e6 ? `${digits(ns / 1e6)} ms` : ns >= 1e3 ? `${digits(ns / 1e3)} µs` : `${digits(ns)} ns`);
const digits = (number) => (number >= 100 ? String(Math.round(number)) : String(Number(number.toPrecision(3))));
const hours = (seconds) => `${digits(seconds / 3600)} h`;

/** Rows: in English, in Chinese, and what stands in the two columns; `f` gives a figure's value. */
const ROWS = [
  [
    'tick of 4096 timeslots, each decoded, watched for digits, connected and recorded in stereo: median, p99',
    '4096 个时隙的一个节拍（每个时隙均解码、检测按键、接续并双声道录音）：中位数、p99',
    (f) => `${time(f('switch4096TickP50') * 1e3)}, ${time(f('switch4096TickP99') * 1e3)}`,
    '≤ 1.3 ms',
  ],
  [
    'of those recordings and digits, compared with what was said: wrong',
    '与原声逐位比较：错误的录音、错误的按键',
    (f) =>
      `${f('switch4096RecordingsWrong')} / ${f('switch4096RecordingsChecked')}, ${f('switch4096DigitsWrong')} / ${f('switch4096DigitsExpected')}`,
    '0, 0',
  ],
  [
    'cost of a timeslot with 256 … 4096 of them: highest / lowest',
    '每时隙开销，256 至 4096 个时隙：最高 / 最低',
    (f) => digits(f('switchCostFlatness')),
    '≤ 1.25',
  ],
  [
    'ticks missed beside a busy call centre',
    '呼叫中心同时繁忙时错过的节拍',
    (f) => `${f('tenMinutesMissedTicks')} (${digits(f('tenMinutesSeconds') / 60)} min)`,
    '0 (10 min)',
  ],
  ['A-law decode, encode', 'A 律解码、编码', (f) => times(f, 'alawDecodeNs', 'alawEncodeNs'), '≤ 22, 25 ns'],
  ['digit detection (DTMF) with decoding', '按键检测（DTMF，含解码）', (f) => times(f, 'dtmfWithDecodeNs'), '≤ 160 ns'],
  [
    'conference of 50, of 100, per seat',
    '50 方、100 方会议，每席',
    (f) => times(f, 'conference50PerSeatNs', 'conference100PerSeatNs'),
    '≤ 150 ns',
  ],
  [
    'voice activity, automatic gain',
    '语音活动检测、自动增益',
    (f) => times(f, 'voiceActivityNs', 'automaticGainNs'),
    '≤ 60, 120 ns',
  ],
  ['dial, busy and ringing tones', '拨号音、忙音、回铃音检测', (f) => times(f, 'callProgressChinaNs'), '≤ 300 ns'],
  ['caller identification (FSK)', '来电显示接收（FSK）', (f) => times(f, 'fskReceiveNs'), '≤ 1 µs'],
  [
    'echo canceller, 128 taps, 512 taps',
    '回声消除，128 抽头、512 抽头',
    (f) => times(f, 'echo128Ns', 'echo512Ns'),
    '≤ 1.7 µs, –',
  ],
  ['fax ends, V.17 with ECM and T.6', '传真端，V.17、ECM、T.6', (f) => String(f('faxEndsPerCoreV17')), '≥ 1000'],
  [
    '300 fax ends at once in real time: identical pages',
    '300 个传真端同时实时收发：完全一致的页',
    (f) => `${f('faxPagesIdentical')} / ${f('faxEndsAtOnce') / 2}`,
    '150 / 150',
  ],
  [
    'digits heard in speech and music',
    '语音和音乐中误检的按键',
    (f) => `${f('dtmfFalseDigits')} (${hours(f('dtmfTalkOffListened'))})`,
    '0 (1 h)',
  ],
];

function times(f, ...names) {
  return names.map((name) => time(f(name))).join(', ');
}

function table(language, f) {
  const line = (cells) => `| ${cells.join(' | ')} |\n`;
  const head = HEADS[Object.keys(HEADS)[language]];
  return `${line(head)}|---|---|---|\n${ROWS.map((row) => line([row[language], row[2](f), row[3]])).join('')}`;
}

const files = process.argv.slice(2);
if (files.length === 0) {
  process.stderr.write('Name the files with what `npm run -s figures -- engine --json` printed.\n');
  process.exit(2);
}
const figures = Object.assign({}, ...files.map((file) => JSON.parse(readFileSync(file, 'utf8'))));
const missing = new Set();
const figure = (name) => {
  if (typeof figures[name]?.value !== 'number') missing.add(name);
  return figures[name]?.value ?? 0;
};
const texts = Object.keys(HEADS).map((file, language) => {
  const text = readFileSync(inRoot(file), 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${file} has no place for figures: ${BEGIN} … ${END}`);
  return [file, `${text.slice(0, begin)}${BEGIN}\n\n${table(language, figure)}\n${text.slice(end)}`];
});
if (missing.size > 0) {
  process.stderr.write(`Not measured: ${[...missing].join(', ')}. Nothing is changed.\n`);
  process.exit(1);
}
for (const [file, text] of texts) writeFileSync(inRoot(file), text);
