// What is said of what is wrong, in both languages: short, for a telephone's display and a subject; the pages say more.
import type { AlertKind, AlertWhat, Language } from '../contract/index.js';

type Text = Readonly<Record<Language, string>>;

/** {value} is put in as `valueText` writes it. */
const KINDS: Readonly<Partial<Record<string, Text>>> = {
  cpu: { en: 'the processor is busy all the time ({value})', 'zh-CN': '处理器持续繁忙（{value}）' },
  memory: { en: 'memory is nearly used up ({value})', 'zh-CN': '内存即将用尽（{value}）' },
  temperature: { en: 'the machine is too hot ({value})', 'zh-CN': '机器温度过高（{value}）' },
  disk: { en: 'the disk of the recordings is nearly full ({value} free)', 'zh-CN': '录音磁盘空间不足（剩余 {value}）' },
  recordings: { en: 'recordings cannot be written', 'zh-CN': '录音无法写入磁盘' },
  ticks: { en: 'audio ticks were missed, speech may break up', 'zh-CN': '语音节拍丢失，通话可能断续' },
  notRealtime: { en: 'there is no real-time priority', 'zh-CN': '没有实时优先级' },
  eventLoop: { en: 'the program answers slowly ({value})', 'zh-CN': '程序响应缓慢（{value}）' },
  database: { en: 'the database is damaged: restore a sound back-up', 'zh-CN': '数据库文件损坏：请恢复完好的备份' },
  mail: { en: 'there is no mail server', 'zh-CN': '没有设置邮件服务器' },
  restart: { en: 'settings wait for a restart', 'zh-CN': '有设置等待重启生效' },
  backup: { en: 'there has been no back-up for a week', 'zh-CN': '超过一周没有备份' },
  backupFailed: { en: 'the last back-up failed', 'zh-CN': '最近一次备份失败' },
  diskFailing: { en: 'disks that say they are about to fail: {value}', 'zh-CN': '有磁盘即将损坏（{value} 块）' },
  diskWorn: { en: 'a solid-state disk is nearly worn out', 'zh-CN': '固态硬盘寿命即将用尽' },
  clock: { en: 'the clock of the machine follows no time server', 'zh-CN': '机器时钟没有与时间服务器同步' },
  certificate: { en: 'the certificate ends in {value} days', 'zh-CN': '证书还有 {value} 天到期' },
  clockChanged: { en: 'the clock was changed: no recording is removed', 'zh-CN': '系统时钟被更改：暂停清理录音' },
};
const ANY: Text = {
  en: 'something needs doing, see the page of health',
  'zh-CN': '有需要处理的问题，请查看运行状况页面',
};

const GB = 2 ** 30;

function valueText(kind: string, value: number | null): string {
  if (value === null) return '–';
  if (kind === 'disk') return `${(value / GB).toFixed(1)} GB`;
  if (kind === 'temperature') return `${Math.round(value)} °C`;
  if (kind === 'eventLoop') return `${Math.round(value)} ms`;
  return kind === 'cpu' || kind === 'memory' ? `${Math.round(value)} %` : String(value);
}

export const kindText = (kind: AlertKind, value: number | null, language: Language): string =>
  (KINDS[kind] ?? ANY)[language].replace('{value}', valueText(kind, value));

/** Whether there are words of its own; a test asks it of every kind. */
export const hasText = (kind: string): boolean => KINDS[kind] !== undefined;

export interface AlertWords {
  what: AlertWhat;
  kind: AlertKind | null;
  grave: boolean;
  value: number | null;
  /** as people write it, in the zone of the box */
  since: string;
  box: string;
  /** of a summary: how many were held back */
  count?: number;
  /** of a test: who asks */
  by?: string;
}

export function alertText(words: AlertWords, language: Language): { subject: string; body: string } {
  const { what, kind, grave, value, since, box, count = 0, by = '' } = words;
  const zh = language === 'zh-CN';
  if (what === 'test')
    return {
      subject: zh ? `${box}：测试告警` : `${box}: a test`,
      body: zh ? `此告警由 ${by} 请求发送，用于测试。` : `This is a test, asked for by ${by}.`,
    };
  if (what === 'summary')
    return {
      subject: zh ? `${box}：另有 ${count} 条告警` : `${box}: ${count} more alerts`,
      body: zh
        ? `短时间内告警过多，另有 ${count} 条没有逐条发送，请查看告警页面。`
        : `There was too much at once: ${count} more were not sent one by one. The page of alerts lists them.`,
    };
  const text = kind === null ? ANY[language] : kindText(kind, value, language);
  const marks = {
    began: grave ? (zh ? '【严重】' : '[grave] ') : '',
    reminder: zh ? '【仍未恢复】' : '[still] ',
    ended: zh ? '【已恢复】' : '[over] ',
  };
  const when = zh ? `开始时间：${since}` : `Since ${since}`;
  return { subject: `${marks[what]}${box}${zh ? '：' : ': '}${text}`, body: `${text}\n${when}` };
}
