// Help of `cordboard diag`, and what it says.
import type { Language } from '../contract/index.js';

export const diagUsage: Record<Language, string> = {
  en: `cordboard diag
  list                               boards, lines and what can be measured
  run [CASE…]                        measures; without cases all that fit
      --span N[=FAR],…               E1s of the engine and what hangs at their other ends: plug, remote, none, or an E1's number;
                                     of the virtual card it is known
      --pair STATION=LINE,…          FXS ports and the FXO ports on them
      --rig FILE                     lines, cases and serial numbers from a file (docs/diagnostics.md); without either all virtual ones
      --seconds N                    of the bit-error test and of the load; 15
      --technician NAME --site NAME  into the report
      --guided                       asks for plugs and cables and waits
      --end-calls                    ends calls on these lines
      --alone                        no box is running: starts the engine with the settings of the home, measures, ends
      --report FILE                  FILE.json, signed, and FILE.pdf
  verify FILE [--key FINGERPRINT]    shows whether a report is as it was signed; with the key, by this box
  alarms                             alarms as they came and went
  reports                            reports that the box has kept
  fetch ID [--report FILE]           one of them
  --json                             what came of it, for programs
  --home DIR                         the box's home
Ends with 0: passed, 1: not passed or ended before, 2: not understood.
`,
  'zh-CN': `cordboard diag
  list                               列出板卡、线路和可检测的项目
  run [项目…]                        检测；不写项目则全部检测
      --span 号码[=对端],…           引擎的 E1 及其对端：plug（环回插头）、remote（对端环回）、none 或另一条 E1 的号码；
                                     虚拟卡的对端是已知的
      --pair 话机口=外线口,…         FXS 端口与接在其上的 FXO 端口
      --rig 文件                     从文件读取线路、项目和序列号（docs/diagnostics.md）；都不写则检测全部虚拟线路
      --seconds 秒数                 误码与满载检测的时长；默认 15
      --technician 姓名 --site 地点  写入报告
      --guided                       提示插接环回插头与电缆并等待
      --end-calls                    挂断这些线路上的通话
      --alone                        设备未运行时：按主目录的配置启动引擎，检测后退出
      --report 文件                  生成带签名的 文件.json 和 文件.pdf
  verify 文件 [--key 指纹]           检查报告签名后是否被改动；给出指纹时同时核对签名者
  alarms                             告警历史
  reports                            设备保存的报告
  fetch 编号 [--report 文件]         取出其中一份
  --json                             以 JSON 输出结果，供程序使用
  --home 目录                        设备的主目录
退出码 0：合格；1：不合格或提前结束；2：命令有误。
`,
};

const words = {
  board: { en: '{board}: {type}, serial number {serial}', zh: '{board}：{type}，序列号 {serial}' },
  line: {
    en: 'E1 {span} {name} ({card}, {signalling}): {state}',
    zh: 'E1 {span} {name}（{card}，{signalling}）：{state}',
  },
  up: { en: 'ready', zh: '就绪' },
  down: { en: 'not ready', zh: '未就绪' },
  pair: { en: 'FXS {station} with FXO {line}: {name}', zh: 'FXS {station} 与 FXO {line}：{name}' },
  enter: { en: '  Enter: done, s and Enter: leave this line out > ', zh: '  回车：完成；输入 s 回车：跳过此线路 > ' },
  notPassed: { en: 'NOT PASSED: {failed} of {ran} failed.', zh: '不合格：{ran} 项中 {failed} 项不合格。' },
  passed: { en: 'PASSED: {ran} cases.', zh: '合格：共 {ran} 项。' },
  cancelled: { en: 'ENDED BEFORE IT WAS COMPLETE.', zh: '提前结束，不完整。' },
  written: { en: 'Report: {file}.json and {file}.pdf', zh: '报告：{file}.json 与 {file}.pdf' },
  good: { en: 'The report is as it was signed. Key {fingerprint}', zh: '报告与签名一致。密钥指纹 {fingerprint}' },
  changed: { en: 'REFUSED: the report was changed after it was signed.', zh: '拒绝：报告在签名后被改动过。' },
  notAReport: { en: 'REFUSED: this is no signed report.', zh: '拒绝：这不是带签名的报告。' },
  otherKey: {
    en: 'REFUSED: the report is signed with another key: {fingerprint}',
    zh: '拒绝：报告由另一密钥签名：{fingerprint}',
  },
  noVirtual: {
    en: 'Name the lines: --span, --pair or --rig; there is no virtual card here.',
    zh: '请用 --span、--pair 或 --rig 指明线路；本机没有虚拟卡。',
  },
  badSpan: {
    en: '--span takes numbers, each with =plug, =remote, =none or the number of another E1; not "{text}".',
    zh: '--span 的格式为号码，可加 =plug、=remote、=none 或另一条 E1 的号码，不能是“{text}”。',
  },
  badPair: { en: '--pair takes STATION=LINE, not "{text}".', zh: '--pair 的格式为 话机口=外线口，不能是“{text}”。' },
  badRig: { en: 'The rig file does not fit: {reason}', zh: '检测配置文件不正确：{reason}' },
  badCase: { en: 'There is no case "{text}"; there are {cases}.', zh: '没有检测项目“{text}”；可用项目：{cases}。' },
  verb: {
    en: 'cordboard diag takes list, run, verify, alarms, reports or fetch; see cordboard diag --help.',
    zh: 'cordboard diag 的子命令为 list、run、verify、alarms、reports、fetch；详见 cordboard diag --help。',
  },
  none: { en: 'None.', zh: '没有。' },
} as const;

export type DiagWord = keyof typeof words;

export function diagSay(
  language: Language,
  word: DiagWord,
  params: Readonly<Record<string, string | number>> = {},
): string {
  const text = words[word][language === 'en' ? 'en' : 'zh'];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}
