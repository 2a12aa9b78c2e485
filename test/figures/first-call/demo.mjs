// `cordboard demo --json`, as a stranger runs it.
import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';

export async function demo(report) {
  const begun = performance.now();
  const cli = new URL('../../../daemon/bin/cordboard.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [cli, 'demo', '--json'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  const lines = out.trim().split('\n');
  const said = JSON.parse(lines.at(-1));
  report.add('demoOk', said.ok && code === 0 && lines.length === 1, '', true, 'exactly');
  report.add('demoTakes', performance.now() - begun, 'ms', 30_000, 'most');
  report.add('demoQueueMs', said.queueMs, 'ms');
  report.add('demoRingMs', said.ringMs, 'ms');
  report.add('demoTalkMs', said.talkMs, 'ms');
}
