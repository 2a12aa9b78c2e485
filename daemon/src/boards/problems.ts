// What is said of boards that are not as the settings have them, in both languages: which line, what is wrong, what to do.
import type { Language } from '../contract/index.js';

interface Text {
  /** fault: nothing is applied while it stands; warning: it works, but not as somebody may think */
  readonly kind: 'fault' | 'warning';
  readonly en: string;
  readonly zh: string;
}

export const boardTexts = {
  spanMissing: {
    kind: 'fault',
    en: '{line}: the driver has no span {device}. Check that the board is seated and its driver is loaded, or take the line out.',
    zh: '{line}：驱动中没有第 {device} 条线路。请检查板卡是否插好、驱动是否已加载，或删除这条线路。',
  },
  spanNotE1: {
    kind: 'fault',
    en: '{line}: span {device} of the driver is {type}, not E1. Set the board to E1 (jumper, or option {option} of its module) and start the machine again.',
    zh: '{line}：驱动第 {device} 条线路是 {type}，不是 E1。请把板卡设为 E1（跳线，或驱动选项 {option}），然后重新启动机器。',
  },
  spanElsewhere: {
    kind: 'fault',
    en: '{line} was set up on the board at “{was}”, and span {device} is now at “{is}”: boards have changed places. Choose the span again.',
    zh: '{line} 原先在“{was}”的板卡上，而第 {device} 条线路现在位于“{is}”：板卡位置变了。请重新选择线路。',
  },
  sameClock: {
    kind: 'fault',
    en: '{line} and {other} are both clock source number {clock} of one board. A board follows one line at a time: give them different numbers.',
    zh: '{line} 和 {other} 在同一块板卡上都是第 {clock} 时钟源。板卡一次只跟随一条线路：请设成不同的序号。',
  },
  clockToNetwork: {
    kind: 'warning',
    en: '{line} is the network side and takes its clock from the far end; usually the network gives it. Set its clock source to “gives”, unless the far end is synchronised.',
    zh: '{line} 是网络侧，却从对端取时钟；通常应由网络侧提供时钟。除非对端已同步，请把时钟源设为“本端提供”。',
  },
  noClock: {
    kind: 'warning',
    en: 'The board of {line} takes its clock from no line while another board does: their clocks differ and speech clicks. Make one of its lines a clock source, or join the boards by a timing cable.',
    zh: '{line} 所在板卡没有取任何线路的时钟，而另一块板卡取了：两边时钟不一致，会有杂音。请将其中一条线路设为时钟源，或用时钟线连接板卡。',
  },
  signallingUnknown: {
    kind: 'fault',
    en: '{line}: timeslots for the signalling “{signalling}” are not known. Choose another one.',
    zh: '{line}：不知道信令“{signalling}”如何安排时隙。请选择其他信令。',
  },
  amiCrc4: {
    kind: 'warning',
    en: '{line}: AMI with CRC4 is unusual; lines of 2 Mbit/s are HDB3. Ask the carrier.',
    zh: '{line}：AMI 配 CRC4 很少见；2 Mbit/s 线路一般用 HDB3。请向运营商核实。',
  },
  portMissing: {
    kind: 'fault',
    en: '{line}: the driver has no channel {channel}. Check that the board is seated and its driver is loaded, or take the port out.',
    zh: '{line}：驱动中没有第 {channel} 个通道。请检查板卡是否插好、驱动是否已加载，或删除这个端口。',
  },
  portNotAnalog: {
    kind: 'fault',
    en: '{line}: channel {channel} is a timeslot of span {device}, which is {type}. Choose a channel of an analog board.',
    zh: '{line}：第 {channel} 个通道是第 {device} 条线路（{type}）的时隙。请选择模拟板卡的通道。',
  },
  portWrongModule: {
    kind: 'fault',
    en: '{line} is set up as {wanted}, and the module of channel {channel} is {fitted}. Change the port, or fit the other module.',
    zh: '{line} 设为 {wanted}，而第 {channel} 个通道装的是 {fitted} 模块。请修改端口设置，或更换模块。',
  },
  portNoModule: {
    kind: 'warning',
    en: '{line}: the driver does not say which module channel {channel} has. Is one fitted?',
    zh: '{line}：驱动没有报告第 {channel} 个通道装了什么模块。是否已安装模块？',
  },
  lampMissing: {
    kind: 'warning',
    en: '{line}: a {model} lights no message lamp by “{lamp}”; it can by: {can}. Choose one of these.',
    zh: '{line}：{model} 不能用“{lamp}”点亮留言灯，它支持：{can}。请改选其中一种。',
  },
  lampRefused: {
    kind: 'warning',
    en: '{line}: its board has refused to light the message lamp, which stays dark. Choose another way (FSK needs none of the board), or none.',
    zh: '{line}：板卡拒绝点亮留言灯，灯不会亮。请改用其他方式（FSK 不需要板卡支持），或设为无。',
  },
  reversalMissing: {
    kind: 'warning',
    en: '{line}: the ports of a {model} do not reverse the polarity, so nobody at the other end hears of it.',
    zh: '{line}：{model} 的端口不能反转极性，另一端不会收到反极性信号。',
  },
  portElsewhere: {
    kind: 'fault',
    en: '{line} was set up on the board at “{was}”, and channel {channel} is now at “{is}”: boards have changed places. Choose the port again.',
    zh: '{line} 原先在“{was}”的板卡上，而第 {channel} 个通道现在位于“{is}”：板卡位置变了。请重新选择端口。',
  },
  echoMissing: {
    kind: 'warning',
    en: '{line} asks for the echo canceller of the board, and a {model} has none. Choose one of the driver, or none.',
    zh: '{line} 要用板卡的回声消除，而 {model} 没有。请改用驱动的回声消除，或关闭。',
  },
  lineBuildOut: {
    kind: 'warning',
    en: '{line}: line build-out {value} makes no sense on a {model}. Take 0.',
    zh: '{line}：线路衰减值 {value} 不适用于 {model}。请用 0。',
  },
  countryUnknown: {
    kind: 'warning',
    en: 'The drivers of analog boards know no country “{country}”; impedance and levels stay at their default. Choose one of theirs.',
    zh: '模拟板卡驱动没有国家“{country}”；阻抗和电平将保持默认值。请在驱动支持的国家中选择。',
  },
  driverMissing: {
    kind: 'fault',
    en: 'The driver of boards is not loaded, so the numbers of spans are not known yet. Applying loads it; if that fails, install dahdi-dkms (for OpenVox and Sangoma boards their own edition).',
    zh: '板卡驱动未加载，还不知道线路编号。应用时会加载；若加载失败，请安装 dahdi-dkms（OpenVox、Sangoma 板卡用厂商的版本）。',
  },
  moduleMissing: {
    kind: 'warning',
    en: 'The board {model} at {address} is not driven by {module}. Applying loads it; with driver “{driver}” it comes from the maker.',
    zh: '{address} 处的板卡 {model} 没有由 {module} 驱动。应用时会加载；“{driver}”驱动由厂商提供。',
  },
  crc4Differs: {
    kind: 'warning',
    en: '{line}: the driver has CRC4 {is}, the settings have it {wanted}. Apply the settings.',
    zh: '{line}：驱动中 CRC4 为{is}，设置为{wanted}。请应用设置。',
  },
  lineCodeDiffers: {
    kind: 'warning',
    en: '{line}: the driver has {is}, the settings have {wanted}. Apply the settings.',
    zh: '{line}：驱动中为 {is}，设置为 {wanted}。请应用设置。',
  },
  dchannelElsewhere: {
    kind: 'warning',
    en: '{line}: the driver has the D-channel on timeslot {is}, and it belongs on {wanted}. Apply the settings.',
    zh: '{line}：驱动中 D 信道在时隙 {is}，应在时隙 {wanted}。请应用设置。',
  },
  timeslotsDiffer: {
    kind: 'warning',
    en: '{line}: timeslots {timeslots} are not configured as its signalling needs them. Apply the settings.',
    zh: '{line}：时隙 {timeslots} 的配置不符合所选信令。请应用设置。',
  },
  portDiffers: {
    kind: 'warning',
    en: '{line}: channel {channel} is not configured as {wanted}. Apply the settings.',
    zh: '{line}：第 {channel} 个通道没有配置为 {wanted}。请应用设置。',
  },
  crc4Suspect: {
    kind: 'warning',
    en: '{line} has a signal but no alignment ({alarms}). If the carrier has CRC4 {opposite}, change CRC4 here; else check cable and far end.',
    zh: '{line} 有信号但不同步（{alarms}）。若运营商的 CRC4 为{opposite}，请在此修改；否则检查电缆和对端。',
  },
} as const satisfies Record<string, Text>;

export type BoardProblemCode = keyof typeof boardTexts;

export interface BoardProblem {
  code: BoardProblemCode;
  /** E1 of the box, where it is one's */
  span?: number;
  /** analog port of the box */
  port?: number;
  params: Readonly<Record<string, string | number>>;
}

/** Words among the parameters that are another in Chinese. */
const ZH: Readonly<Record<string, string>> = { on: '开', off: '关' };

export function boardSentence({ code, params }: BoardProblem, language: Language): string {
  const text = boardTexts[code];
  const filled = (language === 'en' ? text.en : text.zh).replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    return language === 'en' ? String(value) : (ZH[value] ?? String(value));
  });
  return filled;
}

export const isFault = ({ code }: BoardProblem): boolean => boardTexts[code].kind === 'fault';
