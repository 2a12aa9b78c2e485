// Calls by the thousand over UDP, from a process of its own:  node caller.mjs '{"port": 5060, "rate": 100, "seconds": 10, …}'
// Cheaper than sipp, which needs a whole core for what is measured here: messages are put together from strings, answers are not
// parsed but looked through. It repeats what is not answered (RFC 3261 timers A, E) and answers every copy of a 200 with an ACK.
// Prints one JSON object when every call has ended or been given up.
import { createSocket } from 'node:dgram';

const options = {
  port: 0,
  localPort: 0,
  /** calls per second, for so many seconds */
  rate: 100,
  seconds: 10,
  /** ms from the 200 to BYE */
  holdMs: 0,
  called: '100',
  /** ms after which what is not answered is given up */
  patienceMs: 8000,
  /** ms; figures are of calls begun after it */
  warmUpMs: 0,
  ...JSON.parse(process.argv[2] ?? '{}'),
};
const T1_MS = 500;
const HOST = '127.0.0.1';

const socket = createSocket({ type: 'udp4', recvBufferSize: 16 << 20, sendBufferSize: 8 << 20 });
await new Promise((resolve) => socket.bind(options.localPort, HOST, resolve));
const { port: ownPort } = socket.address();
socket.connect(options.port, HOST);
await new Promise((resolve) => socket.once('connect', resolve));
socket.on('error', () => undefined);

const own = `${HOST}:${ownPort}`;
const uri = `sip:${options.called}@${HOST}:${options.port}`;
const sdp = [
  ...['v=0', `o=- 1 1 IN IP4 ${HOST}`, 's=-', `c=IN IP4 ${HOST}`, 't=0 0', 'm=audio 40000 RTP/AVP 8 0 101'],
  ...['a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', ''],
].join('\r\n');

const totals = { begun: 0, answered: 0, ended: 0, shed: 0, shedWithoutRetryAfter: 0, failed: 0, repeated: 0, lost: 0 };
const failures = {};
/** by call: ms from INVITE to 180, and to 200 */
const ringingMs = [];
const answeredMs = [];
/** answered by second since the start: goodput */
const answeredIn = [];
const calls = new Map();
/** calls that wait for an answer to what was sent last */
const waiting = new Set();
const startedAt = performance.now();
let nextId = 0;
let stopped = false;

function send(text) {
  socket.send(text);
}

function request(call, method, cseq, branch, toTag, body) {
  const id = call.id;
  return (
    `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP ${own};branch=z9hG4bK${branch}\r\nMax-Forwards: 70\r\n` +
    `From: <sip:5551000@${own}>;tag=f${id}\r\nTo: <${uri}>${toTag}\r\nCall-ID: ${id}@caller\r\nCSeq: ${cseq}\r\n` +
    (body === '' ? 'Content-Length: 0\r\n\r\n' : body)
  );
}

const inviteTail = `Contact: <sip:caller@${own}>\r\nContent-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`;

function begin() {
  const id = `${process.pid}-${nextId++}`;
  const at = performance.now();
  const call = { id, at, state: 'inviting', toTag: '', last: '', sentAt: at, waitMs: T1_MS, rang: false };
  call.counted = at - startedAt >= options.warmUpMs;
  if (call.counted) totals.begun += 1;
  call.last = request(call, 'INVITE', '1 INVITE', `i${id}`, '', inviteTail);
  calls.set(id, call);
  waiting.add(call);
  send(call.last);
}

function end(call, what, why) {
  calls.delete(call.id);
  waiting.delete(call);
  call.state = 'over';
  if (call.counted) totals[what] += 1;
  if (why !== undefined) failures[why] = (failures[why] ?? 0) + 1;
}

function bye(call) {
  call.state = 'ending';
  call.last = request(call, 'BYE', '2 BYE', `b${call.id}`, call.toTag, '');
  call.sentAt = call.giveUpFrom = performance.now();
  call.waitMs = T1_MS;
  waiting.add(call);
  send(call.last);
}

function headerOf(text, name) {
  const at = text.indexOf(`\r\n${name}: `);
  return at < 0 ? '' : text.slice(at + name.length + 4, text.indexOf('\r\n', at + 2));
}

function received(bytes) {
  const text = bytes.latin1Slice(0, bytes.length);
  const callId = headerOf(text, 'Call-ID');
  const call = calls.get(callId.slice(0, callId.indexOf('@')));
  if (!text.startsWith('SIP/2.0 ')) return respond(text, call);
  if (call === undefined) return;
  const status = Number(text.slice(8, 11));
  const method = headerOf(text, 'CSeq').slice(2);
  if (method === 'BYE') {
    if (status >= 200 && call.state === 'ending')
      end(call, status === 200 ? 'ended' : 'lost', status === 200 ? undefined : `BYE ${status}`);
  } else if (method === 'INVITE') answered(call, status, text);
}

/** BYE of the other side: a call that was not to end. */
function respond(text, call) {
  if (text.startsWith('ACK')) return;
  const lines = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${headerOf(text, name)}\r\n`);
  send(`SIP/2.0 200 OK\r\n${lines.join('')}Content-Length: 0\r\n\r\n`);
  if (text.startsWith('BYE') && call !== undefined) end(call, 'lost', 'BYE from the other side');
}

function answered(call, status, text) {
  const now = performance.now();
  if (status < 200) {
    waiting.delete(call);
    if (status === 180 && !call.rang) {
      call.rang = true;
      if (call.counted) ringingMs.push(now - call.at);
    }
    // A call that only rings is given up some day, too.
    call.giveUpFrom = now;
    call.ringing = true;
    return;
  }
  const to = headerOf(text, 'To');
  const toTag = to.slice(to.indexOf('>') + 1);
  if (status >= 300) {
    send(request(call, 'ACK', '1 ACK', `i${call.id}`, toTag, ''));
    if (status !== 503) return end(call, 'failed', `INVITE ${status}`);
    if (call.counted && headerOf(text, 'Retry-After') === '') totals.shedWithoutRetryAfter += 1;
    return end(call, 'shed');
  }
  call.toTag = toTag;
  send(request(call, 'ACK', '1 ACK', `a${call.id}`, toTag, ''));
  if (call.state !== 'inviting') return;
  call.state = 'answered';
  waiting.delete(call);
  if (call.counted) {
    totals.answered += 1;
    answeredMs.push(now - call.at);
  }
  const second = Math.floor((now - startedAt) / 1000);
  answeredIn[second] = (answeredIn[second] ?? 0) + 1;
  if (options.holdMs === 0) bye(call);
  else setTimeout(() => call.state === 'answered' && bye(call), options.holdMs);
}

socket.on('message', received);

function sweep() {
  const now = performance.now();
  for (const call of waiting) {
    if (now - (call.giveUpFrom ?? call.at) > options.patienceMs) {
      end(call, call.state === 'ending' ? 'lost' : 'failed', `${call.state}: no answer`);
    } else if (now - call.sentAt >= call.waitMs) {
      call.waitMs *= 2;
      call.sentAt = now;
      totals.repeated += 1;
      send(call.last);
    }
  }
  for (const call of calls.values())
    if (call.ringing && call.state === 'inviting' && now - call.giveUpFrom > options.patienceMs)
      end(call, 'failed', 'rings');
  if (stopped && calls.size === 0) finish();
}

function tick() {
  const elapsedMs = Math.min(performance.now() - startedAt, options.seconds * 1000);
  // What could not be sent in time is left out rather than sent at once.
  let due = Math.min(200, Math.floor((elapsedMs / 1000) * options.rate) - nextId);
  while (due-- > 0) begin();
  stopped = elapsedMs >= options.seconds * 1000;
  if (!stopped) setTimeout(tick, 2);
}

const percentile = (numbers, p) => numbers.sort((a, b) => a - b)[Math.floor(((numbers.length - 1) * p) / 100)] ?? null;

function finish() {
  clearInterval(sweeping);
  socket.close();
  const times = (numbers) => ({
    p50: percentile(numbers, 50),
    p99: percentile(numbers, 99),
    most: percentile(numbers, 100),
  });
  const { user, system } = process.cpuUsage();
  const result = { ...totals, failures, answeredIn: [...answeredIn].map((count) => count ?? 0) };
  result.ringingMs = times(ringingMs);
  result.answeredMs = times(answeredMs);
  result.cpuMs = (user + system) / 1000;
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

process.on('SIGTERM', () => {
  stopped = true;
  finish();
  process.exit(0);
});
const sweeping = setInterval(sweep, 50);
tick();
