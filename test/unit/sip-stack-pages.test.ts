// A page's pass is good on its own WebSocket and nowhere else, and what it registered there ends with it.
import { expect, it } from 'vitest';
import { DigestClient, digestHashes } from '../../daemon/src/sip/auth/index.js';
import { newRequest, parseMessage, serialise, type SipResponse } from '../../daemon/src/sip/message/index.js';
import { SipPhone, token } from '../support/sip-phone.js';
import { DOMAIN, StackBench } from '../support/sip-stack-bench.js';

const USER = 'web-1';
const PASSWORD = 'of the pass';

async function benchWithPass(): Promise<StackBench> {
  const bench = await StackBench.start();
  const hashes = digestHashes(USER, DOMAIN, PASSWORD);
  await bench.command('pass.set', { user: USER, station: 1001, ha1Md5: hashes.MD5, ha1Sha256: hashes['SHA-256'] });
  return bench;
}

const registration = (cseq: number) =>
  newRequest({
    method: 'REGISTER',
    uri: `sip:${DOMAIN}`,
    headers: [
      ['Via', `SIP/2.0/WS page.invalid;branch=z9hG4bK${token()}`],
      ['Max-Forwards', '70'],
      ['From', `<sip:1001@${DOMAIN}>;tag=1`],
      ['To', `<sip:1001@${DOMAIN}>`],
      ['Call-ID', 'of-the-page'],
      ['CSeq', `${cseq} REGISTER`],
      ['Contact', '<sip:1001@page.invalid;transport=ws>'],
      ['Expires', '600'],
    ],
  });

it('is refused to whoever is no page, with the right secret too', async () => {
  const bench = await benchWithPass();
  const elsewhere = await SipPhone.open({
    ...{ server: bench.port, number: 1001, user: USER, secret: PASSWORD, domain: DOMAIN },
  });
  try {
    expect(await elsewhere.register()).toMatchObject({ status: 403, reason: 'Not A Page' });
    expect(bench.all('bindings.changed')).toEqual([]);
  } finally {
    elsewhere.close();
  }
});

it('registers the page, until its WebSocket has gone', async () => {
  const bench = await benchWithPass();
  const local = { host: '127.0.0.1', port: 8080 };
  await bench.command('page.open', { page: '1', local, remote: { host: '192.0.2.7', port: 40_000 }, secure: false });
  const say = async (request: ReturnType<typeof registration>): Promise<SipResponse> => {
    await bench.command('page.data', { page: '1', data: serialise(request) });
    return parseMessage(Buffer.from((await bench.next('page.send')).data)) as SipResponse;
  };
  const first = registration(1);
  const attempt = new DigestClient({ username: USER, password: PASSWORD }).begin(first);
  const challenge = await say(first);
  expect(challenge.status).toBe(401);
  const again = registration(2);
  attempt.challenged(challenge, again);
  expect((await say(again)).status).toBe(200);
  expect((await bench.next('bindings.changed')).bindings).toHaveLength(1);
  await bench.command('page.gone', { page: '1', code: 1006 });
  await bench.clock.advance(1000);
  expect((await bench.next('bindings.changed')).bindings).toEqual([]);
});
