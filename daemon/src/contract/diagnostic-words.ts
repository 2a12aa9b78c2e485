// What cases, measures, steps and reasons of the technician's bench are called, on the page, in the terminal and in the report.
import type {
  DIAGNOSTIC_STEPS,
  DiagnosticCaseId,
  DiagnosticMeasureName,
  DiagnosticReason,
  DiagnosticResult,
} from './diagnostics.js';

export interface Bilingual {
  readonly en: string;
  readonly zh: string;
}

export const DIAGNOSTIC_CASE_WORDS: Readonly<Record<DiagnosticCaseId, { name: Bilingual; about: Bilingual }>> = {
  inventory: {
    name: { en: 'Inventory', zh: '硬件清点' },
    about: {
      en: 'Boards, E1s and channels that are there, against those that are set up',
      zh: '核对实际的板卡、E1 和通道与配置是否一致',
    },
  },
  alarms: {
    name: { en: 'Alarms', zh: '告警' },
    about: { en: 'Alarms that stand, and those of the last day', zh: '当前告警与最近一天的告警' },
  },
  'line-errors': {
    name: { en: 'CRC4 and framing', zh: 'CRC4 与帧同步' },
    about: {
      en: "Error counters of the board's framer while speech goes over the line",
      zh: '业务运行时板卡成帧器的误码计数',
    },
  },
  clock: {
    name: { en: 'Clock', zh: '时钟' },
    about: { en: "How far the boards' clock is from the machine's", zh: '板卡时钟与主机时钟的偏差' },
  },
  level: {
    name: { en: 'Level', zh: '电平' },
    about: { en: 'A tone of 1020 Hz at −10 dBm0 each way', zh: '双向发送 1020 Hz、−10 dBm0 单音' },
  },
  'frequency-response': {
    name: { en: 'Frequency response', zh: '频率响应' },
    about: { en: 'Tones from 300 to 3400 Hz each way', zh: '双向发送 300 至 3400 Hz 的单音' },
  },
  noise: {
    name: { en: 'Noise and distortion', zh: '噪声与失真' },
    about: { en: 'What is heard in silence, and beside a tone', zh: '静默时与单音以外的噪声' },
  },
  echo: {
    name: { en: 'Echo return loss', zh: '回波损耗' },
    about: { en: 'How much of a tone comes back from the far end', zh: '单音从远端返回的多少' },
  },
  digits: {
    name: { en: 'DTMF digits', zh: 'DTMF 按键' },
    about: { en: 'All sixteen, each way', zh: '双向发送全部 16 个按键' },
  },
  delay: {
    name: { en: 'Delay', zh: '时延' },
    about: { en: 'How late what is sent comes in', zh: '发送到收到的时间' },
  },
  'bit-errors': {
    name: { en: 'Bit errors', zh: '误码' },
    about: {
      en: 'A pseudo-random pattern on every timeslot, judged by G.821; slips',
      zh: '每个时隙发送伪随机码，按 G.821 评定；滑码',
    },
  },
  'remote-loop': {
    name: { en: 'Loopback', zh: '环回' },
    about: {
      en: 'The near end loops a timeslot, the far end looks for its own bits',
      zh: '近端环回一个时隙，远端检查自己发出的比特',
    },
  },
  calls: {
    name: { en: 'Calls, channel by channel', zh: '逐信道呼叫' },
    about: {
      en: 'A call on each timeslot, with a bit-exact path both ways',
      zh: '每个时隙呼叫一次，双向通路逐比特核对',
    },
  },
  ring: {
    name: { en: 'Ringing and caller id', zh: '振铃与来电显示' },
    about: {
      en: 'The FXS port rings, the FXO port hears it and reads the number',
      zh: 'FXS 端口振铃，FXO 端口检测并读取主叫号码',
    },
  },
  fax: {
    name: { en: 'Fax', zh: '传真' },
    about: { en: 'A page over a call from end to end', zh: '在一次呼叫上端到端传送一页' },
  },
  load: {
    name: { en: 'Full load', zh: '满载' },
    about: {
      en: 'Patterns on every timeslot at once: time of a tick, lateness, processor',
      zh: '全部时隙同时收发：时间片耗时、延迟与处理器占用',
    },
  },
};

export const DIAGNOSTIC_MEASURE_WORDS: Readonly<Record<DiagnosticMeasureName, Bilingual>> = {
  spansFound: { en: 'Lines found', zh: '找到的线路' },
  channels: { en: 'Channels', zh: '通道' },
  alarmsNow: { en: 'Alarms now', zh: '当前告警' },
  alarmsLately: { en: 'Alarms in 24 hours', zh: '24 小时内告警' },
  crc4Errors: { en: 'CRC4 errors', zh: 'CRC4 误码' },
  eBits: { en: 'CRC4 errors at the far end (E bits)', zh: '远端 CRC4 误码（E 比特）' },
  framingErrors: { en: 'Frame alignment errors', zh: '帧定位误码' },
  codingViolations: { en: 'Coding violations', zh: '线路码违例' },
  clockPpm: { en: 'Clock offset', zh: '时钟偏差' },
  levelDbm0: { en: 'Level', zh: '电平' },
  levelOffDb: { en: 'Level off', zh: '电平偏差' },
  frequencyOffHz: { en: 'Frequency off', zh: '频率偏差' },
  responseDb: { en: 'Loss against 1020 Hz', zh: '相对 1020 Hz 的衰减' },
  noiseDbm0: { en: 'Idle noise', zh: '空闲噪声' },
  distortionDb: { en: 'Tone to noise and distortion', zh: '信号与噪声失真比' },
  echoLossDb: { en: 'Echo return loss', zh: '回波损耗' },
  digitsHeard: { en: 'Digits read', zh: '收到的按键' },
  delayMs: { en: 'Delay', zh: '时延' },
  bits: { en: 'Bits compared', zh: '比对的比特数' },
  bitErrors: { en: 'Bit errors', zh: '误码数' },
  errorRatio: { en: 'Error ratio', zh: '误码率' },
  erroredSecondsShare: { en: 'Errored seconds', zh: '误码秒' },
  severelyErroredShare: { en: 'Severely errored seconds', zh: '严重误码秒' },
  unavailableSeconds: { en: 'Unavailable seconds', zh: '不可用秒' },
  degradedMinutesShare: { en: 'Degraded minutes', zh: '劣化分' },
  slips: { en: 'Slips', zh: '滑码' },
  patternLosses: { en: 'Losses of the pattern', zh: '图案失步' },
  timeslotsGood: { en: 'Timeslots without a fault', zh: '无故障时隙' },
  setupMs: { en: 'Slowest call set-up', zh: '最长接续时间' },
  ringMs: { en: 'Until ringing is heard', zh: '检测到振铃的时间' },
  callerId: { en: 'Number that was read', zh: '读到的主叫号码' },
  pagesGood: { en: 'Pages', zh: '页数' },
  bitRate: { en: 'Fax rate', zh: '传真速率' },
  ticksMissed: { en: 'Ticks missed', zh: '错过的时间片' },
  tickP99Us: { en: 'Work of a tick, 99 %', zh: '时间片耗时（99%）' },
  latenessP99Us: { en: 'Lateness of a tick, 99 %', zh: '时间片延迟（99%）' },
  cpuPercent: { en: 'Processor, of one core', zh: '处理器占用（单核）' },
};

export const DIAGNOSTIC_REASON_WORDS: Readonly<Record<DiagnosticReason, Bilingual>> = {
  noFarEnd: { en: 'Nothing is named that hangs at the other end.', zh: '没有指明线路另一端是什么。' },
  notOnVirtual: { en: 'The virtual card has no framer and no clock of its own.', zh: '虚拟卡没有成帧器和独立时钟。' },
  noSignalling: {
    en: 'Calls cannot be signalled: the D-channel, or the far end, is down.',
    zh: '无法接续呼叫：D 信道或远端未就绪。',
  },
  inAlarm: { en: 'The line has an alarm: check the cable and the far end.', zh: '线路有告警：请检查电缆和远端设备。' },
  loopDoesNotSignal: {
    en: 'A loop signals no calls; it needs a cable to another E1.',
    zh: '环回不能接续呼叫；需要用电缆连接另一条 E1。',
  },
  wrongSignalling: { en: 'The two ends are not signalled alike.', zh: '两端的信令方式不一致。' },
  lineTaken: { en: 'A call came to the line while it was measured.', zh: '测量时线路上来了呼叫。' },
  cancelled: { en: 'The run was ended before.', zh: '检测已提前结束。' },
  fault: { en: 'It could not be measured.', zh: '未能完成测量。' },
  skippedByHand: { en: 'Left out by the technician.', zh: '技术人员跳过了这一项。' },
  nothingHeard: { en: 'Nothing of what was sent came in.', zh: '没有收到任何发出的信号。' },
};

export const DIAGNOSTIC_OUTCOME_WORDS: Readonly<Record<DiagnosticResult['outcome'], Bilingual>> = {
  passed: { en: 'passed', zh: '合格' },
  failed: { en: 'failed', zh: '不合格' },
  skipped: { en: 'not run', zh: '未检测' },
  told: { en: 'told', zh: '仅记录' },
};

export const DIAGNOSTIC_STEP_WORDS: Readonly<Record<(typeof DIAGNOSTIC_STEPS)[number], Bilingual>> = {
  insertPlug: {
    en: 'Put a loop plug into {line} (RJ48C: pin 1 to 4, pin 2 to 5). The lamp of the port turns green.',
    zh: '在 {line} 插入环回插头（RJ48C：1 脚接 4 脚，2 脚接 5 脚），端口指示灯变绿。',
  },
  connectCable: {
    en: 'Join {line} and {other} with a crossed E1 cable (pin 1 to 4, 2 to 5, both ways). Both lamps turn green.',
    zh: '用交叉 E1 电缆连接 {line} 与 {other}（1 脚接 4 脚、2 脚接 5 脚，双向），两个端口指示灯变绿。',
  },
  loopFarEnd: {
    en: 'Ask the far end of {line} to loop all timeslots towards you.',
    zh: '请 {line} 的对端把全部时隙向本端环回。',
  },
  removePlugs: {
    en: 'Take out the plugs and cables of the test and put the lines back as they were.',
    zh: '取下检测用的插头和电缆，恢复原来的线路。',
  },
};

/** What a line without a name of its own is called in the reader's language: boxes name their analog ports in English. */
export function diagnosticLineName(name: string, word: keyof Bilingual): string {
  const [, kind, port] = /^(Station|Line) (\d+)$/.exec(name) ?? [];
  if (kind === undefined || port === undefined) return name;
  return (
    (kind === 'Station' ? { en: 'Telephone port ', zh: '话机口 ' } : { en: 'Line port ', zh: '外线口 ' })[word] + port
  );
}

/** A limit comes from a standard, or from what the box is set to. */
export const diagnosticStandard = (standard: string, word: keyof Bilingual): string =>
  standard === DIAGNOSTIC_SETTINGS_LIMIT
    ? { en: 'settings', zh: '设置' }[word]
    : standard.replace(DIAGNOSTIC_UNVERIFIED, { en: ' (unverified)', zh: '（未核对）' }[word]);
export const DIAGNOSTIC_SETTINGS_LIMIT = 'settings';
/** Behind a standard whose text the limit has not been compared with. */
export const DIAGNOSTIC_UNVERIFIED = ' (unverified)';
