// What the box writes in its mails, in both languages. {name} is filled in; a value never begins a line of the head.
import type { Language } from '../contract/index.js';

const texts = {
  test: {
    en: { subject: 'A test from {box}', text: 'This box can send mail: this is one, asked for by {by}.' },
    'zh-CN': { subject: '{box} 的测试邮件', text: '本设备可以发送邮件：此邮件由 {by} 请求发送。' },
  },
  voicemail: {
    en: {
      subject: 'Voice message from {from} ({length})',
      text: 'Box {box} has a new message of {length}, left by {from} at {at}. The recording is attached.',
    },
    'zh-CN': {
      subject: '来自 {from} 的语音留言（{length}）',
      text: '信箱 {box} 有一条新留言，时长 {length}，由 {from} 于 {at} 留下。录音见附件。',
    },
  },
  report: {
    en: { subject: '{name} ({from} to {to})', text: 'The report "{name}" from {from} to {to} is attached.' },
    'zh-CN': { subject: '{name}（{from} 至 {to}）', text: '报表“{name}”（{from} 至 {to}）见附件。' },
  },
  alarm: {
    en: { subject: '{box}: {what}', text: '{what}\n\n{detail}\n\nSince {at}.' },
    'zh-CN': { subject: '{box}：{what}', text: '{what}\n\n{detail}\n\n发生时间：{at}。' },
  },
} as const;

export type MailText = keyof typeof texts;

const LONGEST_SUBJECT = 200;

export function mailText(
  name: MailText,
  language: Language,
  values: Readonly<Record<string, string>>,
): { subject: string; text: string } {
  const { subject, text } = texts[name][language];
  const filled = (template: string): string =>
    template.replace(/\{([a-z]+)\}/g, (whole, key: string) =>
      Object.hasOwn(values, key) ? (values[key] as string) : whole,
    );
  return {
    subject: filled(subject)
      .replace(/\p{Cc}+/gu, ' ')
      .slice(0, LONGEST_SUBJECT),
    text: filled(text),
  };
}
