// 100 calls a second with 1,000 up at a time, from SIPp over a trunk into a menu of the whole box.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { percentile } from '../report.mjs';
import { HOST, MENU, quiet, withSipBox } from './sip-box.mjs';

const RATE = Number(process.env.FIGURES_SIP_RATE ?? '100');
const HOLD_MS = 10_000;
/** half a minute of them */
const CALLS = 30 * RATE;
const GOAL_RINGING_MS = 20;

export async function callsPerSecond(report) {
  await withSipBox({}, async (box, port, counted) => {
    const { successful, failed, retransmitted, ringingMs } = await sipp(port);
    await quiet(box, counted);
    const settled = ringingMs.slice((RATE * HOLD_MS) / 1000);
    report.add('sippRate', RATE, 'calls/s');
    report.add('sippCallsAtOnce', counted.most, 'calls', (RATE * HOLD_MS) / 1000);
    report.add('sippCallsDone', successful, 'calls', CALLS);
    report.add('sippCallsFailed', failed, 'calls', 0, 'exactly');
    report.add('sippRetransmissions', retransmitted, 'messages');
    report.add('sippRingingP50', percentile(settled, 50), 'ms');
    report.add('sippRingingP99', percentile(settled, 99), 'ms', GOAL_RINGING_MS, 'most');
  });
}

async function sipp(port) {
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-sipp-'));
  try {
    writeFileSync(join(folder, 'call.xml'), SCENARIO);
    const child = spawn(
      'sipp',
      [
        ...[`${HOST}:${port}`, '-sf', 'call.xml', '-s', MENU, '-i', HOST, '-m', String(CALLS), '-r', String(RATE)],
        // A telephone has its port open: else the system answers each packet of the menu with a refusal, at the box's expense.
        ...['-mi', HOST],
        ...['-l', String((RATE * HOLD_MS * 1.5) / 1000), '-d', String(HOLD_MS), '-trace_rtt', '-rtt_freq', '1'],
        ...['-trace_stat', '-nostdin', '-timeout', '90', '-timeout_error', '-buff_size', String(8 << 20)],
      ],
      { cwd: folder, stdio: 'ignore' },
    );
    await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const files = readdirSync(folder);
    const lines = (suffix) =>
      readFileSync(
        join(
          folder,
          files.find((name) => name.endsWith(suffix)),
        ),
        'utf8',
      )
        .trim()
        .split('\n')
        .map((line) => line.split(';'));
    const [names, ...rows] = lines('_.csv');
    const last = rows.at(-1);
    const figure = (name) => Number(last[names.indexOf(name)]);
    const [, ...times] = lines('_rtt.csv');
    return {
      successful: figure('SuccessfulCall(C)'),
      failed: figure('FailedCall(C)'),
      retransmitted: figure('Retransmissions(C)'),
      ringingMs: times.map(([, ms]) => Number(ms)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const headers = (branchless) => `
      Max-Forwards: 70
      From: <sip:5551000@[local_ip]:[local_port]>;tag=[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>${branchless ? '[peer_tag_param]' : ''}
      Call-ID: [call_id]`;

const SCENARIO = `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="call">
  <send retrans="500" start_rtd="1"><![CDATA[
      INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]${headers(false)}
      CSeq: 1 INVITE
      Contact: <sip:caller@[local_ip]:[local_port]>
      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=- 1 1 IN IP4 [local_ip]
      s=-
      c=IN IP4 [local_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 8
      a=rtpmap:8 PCMA/8000
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" rtd="1"/>
  <recv response="200"/>
  <send><![CDATA[
      ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]${headers(true)}
      CSeq: 1 ACK
      Content-Length: 0

  ]]></send>
  <pause/>
  <send retrans="500"><![CDATA[
      BYE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]${headers(true)}
      CSeq: 2 BYE
      Content-Length: 0

  ]]></send>
  <recv response="200"/>
</scenario>
`;
