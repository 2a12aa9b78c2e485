// `cordboard demo`: shows the call as it happens, or prints one line of JSON.
import type { Language } from '../contract/index.js';
import { runDemo, type DemoEvent, type DemoResult } from './demo.js';
import { parseCommand } from './parse-command.js';
import { terminalLanguage } from './terminal.js';

const words: Record<Language, Record<DemoEvent | 'begin' | 'ok' | 'failed' | 'recording' | 'kept', string>> = {
  en: {
    begin: 'A box is started and agent 2001 signs in at telephone 1. Then 13800138000 calls 95001:',
    seized: 'the call has come in over the E1',
    menu: 'the caller hears the menu',
    digit: 'he presses 1',
    queued: 'he waits in the queue',
    ringing: "the agent's telephone rings",
    answered: 'the agent has lifted, they talk',
    recorded: 'the recording is complete',
    released: 'the caller has hung up; every line is free again',
    ok: 'It works: waited {queue} s, rang {ring} s, talked {talk} s.',
    failed: 'It does not work: {error}.',
    recording: 'Recording (left the caller, right what he heard): {path}',
    kept: "The box's folder is kept: {path}",
  },
  'zh-CN': {
    begin: '启动一台设备，坐席 2001 在话机 1 签入。然后 13800138000 拨打 95001：',
    seized: '呼叫经 E1 呼入',
    menu: '主叫听到菜单',
    digit: '主叫按 1',
    queued: '主叫排队等待',
    ringing: '坐席话机振铃',
    answered: '坐席摘机，双方通话',
    recorded: '录音完成',
    released: '主叫挂机，所有线路空闲',
    ok: '成功：等待 {queue} 秒，振铃 {ring} 秒，通话 {talk} 秒。',
    failed: '失败：{error}。',
    recording: '录音（左声道为主叫，右声道为主叫所听到的）：{path}',
    kept: '设备目录已保留：{path}',
  },
};

export async function runDemoCommand(args: readonly string[]): Promise<number> {
  const { values } = parseCommand(args, { json: { type: 'boolean' }, keep: { type: 'boolean' } }, 0);
  const language = terminalLanguage();
  const keep = values.keep ?? false;
  if (values.json === true) {
    const result = await runDemo({ language, keep });
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return result.ok ? 0 : 1;
  }
  const text = words[language];
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  let home = '';
  print(`\n${text.begin}\n`);
  const result = await runDemo({
    language,
    keep,
    happened: (event, atMs) => print(`  ${(atMs / 1000).toFixed(2).padStart(6)} s  ${event.padEnd(9)} ${text[event]}`),
    homeMade: (made) => (home = made),
  });
  print(`\n${verdict(result, text)}`);
  if (result.recording !== '') print(text.recording.replace('{path}', result.recording));
  if (keep) print(text.kept.replace('{path}', home));
  print('');
  return result.ok ? 0 : 1;
}

function verdict(result: DemoResult, text: (typeof words)[Language]): string {
  if (!result.ok) return text.failed.replace('{error}', (result.error ?? '').replace(/\.$/, ''));
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  return text.ok
    .replace('{queue}', seconds(result.queueMs))
    .replace('{ring}', seconds(result.ringMs))
    .replace('{talk}', seconds(result.talkMs));
}
