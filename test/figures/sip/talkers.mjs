// Both ends of many calls over UDP, in a process of its own: registers as stations, calls them by the trunk, answers there, and
// prints where the media of both legs go:  node talkers.mjs '{"port": 5060, "calls": 1000, "accounts": […], …}'
// First line: {"streams": […]}, two a call, as rtp_load reads them; when told to stop (a line on standard input) or when
// a call is lost, it hangs up and prints {"lost": n}.
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';

const { port, calls, rate, accounts, mediaPort, patienceMs = 60_000 } = JSON.parse(process.argv[2]);
const HOST = '127.0.0.1';
const socket = createSocket({ type: 'udp4', recvBufferSize: 8 << 20, sendBufferSize: 8 << 20 });
await new Promise((resolve) => socket.bind(0, HOST, resolve));
const own = `${HOST}:${socket.address().port}`;
const send = (lines, body = '') =>
  socket.send(`${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`, port, HOST);

/** What is repeated until it is answered, by the key of its transaction. */
const waiting = new Map();
const legs = Array.from({ length: calls }, () => ({ caller: undefined, phone: undefined, toTag: '', over: false }));
let lost = 0;
let stopping = false;

/** Each leg has an address of its own on the loopback, so that one socket of the load is all of them. */
const addressOf = (stream) => `127.1.${stream >> 8}.${stream & 255}`;
const describe = (stream) =>
  [
    ...['v=0', `o=- ${stream} 1 IN IP4 ${HOST}`, 's=-', `c=IN IP4 ${addressOf(stream)}`, 't=0 0'],
    ...[`m=audio ${mediaPort} RTP/AVP 8`, 'a=rtpmap:8 PCMA/8000', 'a=ptime:20', ''],
  ].join('\r\n');
const header = (text, name) => new RegExp(`^${name}: ?(.*)\\r$`, 'im').exec(text)?.[1] ?? '';
const mediaOf = (text, stream) => ({
  address: /^c=IN IP4 (\S+)\r$/m.exec(text)?.[1],
  port: Number(/^m=audio (\d+)/m.exec(text)?.[1]),
  localPort: mediaPort,
  localAddress: addressOf(stream),
});

function repeat(key, lines, body, answered) {
  const entry = { lines, body, answered, waitMs: 500, at: performance.now() };
  waiting.set(key, entry);
  send(lines, body);
}

function request(method, uri, key, { from, to, callId, cseq, more = [], body = '' }, answered) {
  const lines = [
    ...[`${method} ${uri} SIP/2.0`, `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${process.pid}-${key}`, 'Max-Forwards: 70'],
    ...[`From: ${from}`, `To: ${to}`, `Call-ID: ${callId}`, `CSeq: ${cseq} ${method}`, `Contact: <sip:talker@${own}>`],
    ...more,
  ];
  if (method === 'ACK') send(lines, body);
  else repeat(key, lines, body, answered);
}

const md5 = (text) => createHash('md5').update(text).digest('hex');

function register({ username, secret, domain }) {
  const uri = `sip:${domain}`;
  const address = `<sip:${username}@${domain}>`;
  return new Promise((resolve, reject) => {
    const attempt = (cseq, more) =>
      request(
        'REGISTER',
        uri,
        `r${username}-${cseq}`,
        { from: `${address};tag=r`, to: address, callId: `register-${process.pid}-${username}`, cseq, more },
        (status, text) => {
          if (status === 200) return resolve();
          const challenge = text.split('\r\n').find((line) => /^www-authenticate:.*md5/i.test(line)) ?? '';
          const [, nonce] = /nonce="([^"]*)"/.exec(challenge) ?? [];
          if (status !== 401 || nonce === undefined || cseq > 1) return reject(new Error(`REGISTER ${status}`));
          const [, realm = ''] = /realm="([^"]*)"/.exec(challenge) ?? [];
          const [ha1, ha2] = [md5(`${username}:${realm}:${secret}`), md5(`REGISTER:${uri}`)];
          const answer = md5(`${ha1}:${nonce}:00000001:talker:auth:${ha2}`);
          const credentials =
            `Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${answer}", ` +
            'algorithm=MD5, qop=auth, nc=00000001, cnonce="talker"';
          attempt(2, [`Authorization: ${credentials}`, 'Expires: 600']);
        },
      );
    attempt(1, ['Expires: 600']);
  });
}

/** `n` is in the calling number, by which the leg at the station is known. */
function call(n) {
  const { username } = accounts[n % accounts.length];
  const uri = `sip:${username}@${HOST}:${port}`;
  const dialog = { from: `<sip:${5_000_000 + n}@${own}>;tag=c${n}`, callId: `call-${process.pid}-${n}@talkers` };
  const more = ['Content-Type: application/sdp'];
  const body = describe(2 * n);
  request('INVITE', uri, `i${n}`, { ...dialog, to: `<${uri}>`, cseq: 1, more, body }, (status, text) => {
    const to = header(text, 'To');
    request('ACK', uri, status < 300 ? `a${n}` : `i${n}`, { ...dialog, to, cseq: 1 });
    if (status >= 300) return fail(n, `INVITE ${status}`);
    legs[n].hangUp = () => request('BYE', uri, `b${n}`, { ...dialog, to, cseq: 2 }, () => over(n));
    legs[n].caller ??= mediaOf(text, 2 * n);
    look();
  });
}

function fail(n, why) {
  if (legs[n].over) return;
  process.stderr.write(`call ${n}: ${why}\n`);
  lost += 1;
  over(n);
}

function over(n) {
  legs[n].over = true;
  if (legs.every((leg) => leg.over)) finish();
}

/** At a station, and BYE. */
function asked(text) {
  const method = text.slice(0, text.indexOf(' '));
  if (method === 'ACK') return;
  const from = header(text, 'From');
  const n = Number(/sip:5(\d{6})@/.exec(from)?.[1] ?? Number.NaN);
  const to = header(text, 'To');
  const tag = to.includes('tag=') ? '' : `;tag=p${n}`;
  const vias = text.split('\r\n').filter((line) => /^via:/i.test(line));
  const answer = (status, more = [], body = '') =>
    send(
      [
        ...[`SIP/2.0 ${status} OK`, ...vias, `From: ${from}`, `To: ${to}${tag}`, `Call-ID: ${header(text, 'Call-ID')}`],
        ...[`CSeq: ${header(text, 'CSeq')}`, `Contact: <sip:talker@${own}>`, ...more],
      ],
      body,
    );
  if (method !== 'INVITE') {
    answer(200);
    if (method === 'BYE' && !stopping) lost += 1;
    return;
  }
  if (Number.isNaN(n) || legs[n] === undefined) return answer(404);
  answer(180);
  answer(200, ['Content-Type: application/sdp'], describe(2 * n + 1));
  legs[n].phone ??= mediaOf(text, 2 * n + 1);
}

function answered(text) {
  const status = Number(text.slice(8, 11));
  const key = /branch=z9hG4bK\d+-([^;\s]+)/.exec(header(text, 'Via'))?.[1];
  const entry = waiting.get(key);
  if (entry === undefined) return;
  if (status < 200) {
    entry.waitMs = Infinity;
    return;
  }
  waiting.delete(key);
  entry.answered(status, text);
}

socket.on('message', (bytes) => {
  const text = bytes.latin1Slice(0, bytes.length);
  if (text.startsWith('SIP/2.0')) answered(text);
  else asked(text);
});

let shown = false;
/** Says where everything goes, once all are in their calls. */
function look() {
  if (shown || !legs.every(({ caller, phone, over: ended }) => ended || (caller && phone))) return;
  shown = true;
  const up = legs.filter((leg) => !leg.over);
  process.stdout.write(`${JSON.stringify({ streams: up.flatMap(({ caller, phone }) => [caller, phone]), lost })}\n`);
}

function finish() {
  if (!shown) look();
  process.stdout.write(`${JSON.stringify({ lost })}\n`, () => process.exit(0));
}

setInterval(() => {
  const now = performance.now();
  for (const entry of waiting.values()) {
    if (now - entry.at < entry.waitMs) continue;
    entry.waitMs *= 2;
    entry.at = now;
    send(entry.lines, entry.body);
  }
}, 50);

process.stdin.once('data', () => {
  stopping = true;
  for (const leg of legs) if (!leg.over) leg.hangUp?.();
  setTimeout(finish, 10_000);
});

for (const account of accounts) await register(account);
for (let n = 0; n < calls; n += 1) {
  call(n);
  await new Promise((resolve) => setTimeout(resolve, 1000 / rate));
}
setTimeout(() => {
  legs.forEach((leg, n) => !leg.over && !(leg.caller && leg.phone) && fail(n, 'not answered'));
  look();
}, patienceMs);
