import { describe, expect, it } from 'vitest';

import {
  MessageFramer,
  newResponse,
  parseMessage,
  serialise,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../../daemon/src/sip/message/index.js';
import { tortureMessages } from '../support/sip-torture.js';

function message(name: string): Buffer {
  const found = tortureMessages.find((torture) => torture.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found.bytes;
}

function whole(name: string): SipMessage {
  const parsed = parseMessage(message(name));
  if (parsed.kind === 'failure') throw new Error(`${name}: ${parsed.reason}`);
  return parsed;
}

function request(name: string): SipRequest {
  const parsed = whole(name);
  if (parsed.kind !== 'request') throw new Error(`${name} is no request`);
  return parsed;
}

function response(name: string): SipResponse {
  const parsed = whole(name);
  if (parsed.kind !== 'response') throw new Error(`${name} is no response`);
  return parsed;
}

function failure(name: string) {
  const parsed = parseMessage(message(name));
  if (parsed.kind !== 'failure') throw new Error(`${name} was parsed`);
  return parsed;
}

/** All that a stream of these bytes gives, messages as the name of their kind. */
function streamed(bytes: Buffer): { units: string[]; failed: string | undefined } {
  const framer = new MessageFramer();
  framer.push(bytes);
  const units: string[] = [];
  for (let unit = framer.next(); unit !== undefined; unit = framer.next()) {
    if (typeof unit === 'string') units.push(unit);
    else {
      const parsed = parseMessage(unit, { stream: true });
      units.push(parsed.kind === 'request' ? parsed.method : parsed.kind);
    }
  }
  return { units, failed: framer.failed };
}

describe('the torture messages of RFC 4475', () => {
  it('are all 49', () => {
    expect(new Set(tortureMessages.map((torture) => torture.name)).size).toBe(49);
    expect(new Set(tortureMessages.map((torture) => torture.section)).size).toBe(49);
  });

  it.each(tortureMessages.map((torture) => [torture.section, torture.name, torture] as const))(
    '%s %s: is parsed or refused as the RFC has it',
    (_section, _name, torture) => {
      const parsed = parseMessage(torture.bytes);
      if (typeof torture.parse === 'string') {
        expect(parsed.kind).toBe(torture.parse);
        return;
      }
      if (parsed.kind !== 'failure') throw new Error('it was parsed');
      expect(parsed.status).toBe(torture.parse);
      // A request that must be answered can be; what must not be answered cannot.
      expect(parsed.request !== undefined).toBe(torture.answer.udp !== 'none');
      if (parsed.request === undefined) return;
      const answer = serialise(newResponse(parsed.request, parsed.status, parsed.reason, { toTag: 'x' })).toString();
      expect(answer).toMatch(new RegExp(`^SIP/2\\.0 ${parsed.status} [ -~]+\r\n`));
      expect(answer).toContain(`Via: ${parsed.request.headers.get('Via') ?? ''}\r\n`);
    },
  );

  it('wsinv: white space, folds and short names all over', () => {
    const wsinv = request('wsinv');
    expect(wsinv.uri.params).toEqual(new Map([['unknownparam', null]]));
    expect(wsinv.to.uri).toMatchObject({ user: 'vivekg', host: 'chair-dnrc.example.com' });
    expect([wsinv.toTag, wsinv.fromTag]).toEqual(['1918181833n', '98asjd8']);
    expect(wsinv.from.displayName).toBe('J Rosenberg \\"');
    expect(wsinv.headers.get('Max-Forwards')).toBe('0068');
    expect(wsinv.cseq).toEqual({ number: 9, method: 'INVITE' });
    expect(wsinv.vias.map((via) => [via.transport, via.host, via.params.get('branch')])).toEqual([
      ['UDP', '192.0.2.2', '390skdjuw'],
      ['TCP', 'spindle.example.com', 'z9hG4bK9ikj8'],
      ['UDP', '192.168.255.111', 'z9hG4bK30239'],
    ]);
    expect(wsinv.headers.get('Subject')).toBe('');
    expect(wsinv.headers.get('newfangledheader')).toBe('newfangled value continued newfangled value');
    expect(wsinv.headers.lines('UnknownHeaderWithUnusualValue')).toEqual([';;,,;;,;']);
    expect(wsinv.headers.list('UnknownHeaderWithUnusualValue')).toEqual([';;,,;;,;']);
    expect(wsinv.routes[0]?.uri.params).toEqual(
      new Map([
        ['lr', null],
        ['unknownwith', 'value'],
        ['unknown-no-value', null],
      ]),
    );
    expect(wsinv.contacts).toHaveLength(1);
    expect(wsinv.contacts[0]).toMatchObject({ displayName: 'Quoted string ""' });
    expect((wsinv.contacts as SipRequest['routes'])[0]?.params).toEqual(
      new Map([
        ['newparam', 'newvalue'],
        ['secondparam', null],
        ['q', '0.33'],
      ]),
    );
    expect(wsinv.body).toHaveLength(150);
  });

  it('intmeth: the whole range of characters, a NUL in quotes too', () => {
    const intmeth = request('intmeth');
    expect(intmeth.method).toBe("!interesting-Method0123456789_*+`.%indeed'~");
    expect(intmeth.uri).toMatchObject({
      user: "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
      password: "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)",
      host: 'example.com',
    });
    expect(intmeth.vias[0]?.params.get('branch')).toBe("z9hG4bK-.!%66*_+`'~");
    expect(intmeth.to.displayName).toBe('BEL:\x07 NUL:\0 DEL:\x7f');
    expect(intmeth.from.displayName).toBe("token1~` token2'+_ token3*%!.-");
    expect(intmeth.from.params.get("fromparam''~+*_!.-%")).toBe('работающий');
    expect(intmeth.fromTag).toBe("_token~1'+`*%!-.");
    expect(intmeth.callId).toBe('intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{');
    expect(intmeth.headers.get("extensionHeader-!.%*+_`'~")).toBe('\uFEFF大停電');
    const answer = serialise(newResponse(intmeth, 501));
    expect(
      answer.includes(
        message('intmeth').subarray(message('intmeth').indexOf('"BEL'), message('intmeth').indexOf('DEL')),
      ),
    ).toBe(true);
  });

  it('esc01, escnull, esc02, semiuri: what % escapes, and where it does not', () => {
    const esc01 = request('esc01');
    expect(esc01.uri).toMatchObject({ user: 'sips:user@example.com', host: 'example.net' });
    expect(esc01.to.uri.user).toBe('user');
    expect(esc01.from.uri.user).toBe('I have spaces');
    expect((esc01.contacts as SipRequest['routes'])[0]?.uri.params).toEqual(
      new Map([
        ['lr', null],
        ['name', 'value%41'],
      ]),
    );
    const users = (request('escnull').contacts as SipRequest['routes']).map((contact) => contact.uri.user);
    expect(users).toEqual(['\0', '\0\0']);
    const esc02 = request('esc02');
    expect(esc02.method).toBe('RE%47IST%45R');
    expect(esc02.from.displayName).toBe('%Z%45');
    expect(esc02.vias[0]?.params.get('branch')).toBe('z9hG4bK209%fzsnel234');
    expect(esc02.contacts).toHaveLength(2);
    expect(esc02.headers.get('C%6Fntact')).toBe('<sip:alias2@host2.example.com>');
    expect(request('semiuri').uri).toMatchObject({ user: 'user;par=u@example.net', host: 'example.com' });
    expect(request('semiuri').headers.list('Accept')).toHaveLength(6);
  });

  it('lwsdisp, baddn: display names without quotes', () => {
    expect(request('lwsdisp').from).toMatchObject({ displayName: 'caller', uri: { user: 'caller' } });
    expect(request('baddn').from).toMatchObject({ displayName: 'Bell, Alexander', uri: { user: 'a.g.bell' } });
  });

  it('longreq: long values, and 34 Vias', () => {
    const longreq = request('longreq');
    expect(longreq.vias).toHaveLength(34);
    expect(longreq.vias.map((via) => via.host).slice(0, 2)).toEqual(['sip33.example.com', 'sip32.example.com']);
    expect(longreq.fromTag).toHaveLength(2 + 150 + 3);
    expect(longreq.to.uri).toMatchObject({ port: 6000 });
  });

  it('dblreq: what follows in a datagram is ignored', () => {
    expect(request('dblreq')).toMatchObject({ method: 'REGISTER', body: Buffer.alloc(0) });
  });

  it('transports, mpart01: unknown transports, binary bodies', () => {
    expect(request('transports').vias.map((via) => via.transport)).toEqual(['UDP', 'SCTP', 'TLS', 'UNKNOWN', 'TCP']);
    const mpart01 = request('mpart01');
    expect(mpart01.body.subarray(-22).toString()).toBe('--7a9cbec02ceef655--\r\n');
    expect(mpart01.body.includes(0)).toBe(true);
  });

  it('unreason, noreason, bcast: reason phrases', () => {
    expect(response('unreason')).toMatchObject({
      status: 200,
      reason: '= 2**3 * 5**2 но сто девяносто девять - простое',
    });
    expect(response('noreason')).toMatchObject({ status: 100, reason: '' });
    expect(response('bcast').vias).toHaveLength(2);
  });

  it('unkscm, novelsc, unksm2: other schemes stay as text', () => {
    expect(request('unkscm')).toMatchObject({ uriText: 'nobodyKnowsThisScheme:totallyopaquecontent' });
    expect(request('unkscm').uri.scheme).toBe('nobodyknowsthisscheme');
    expect(request('novelsc').uri).toMatchObject({ scheme: 'soap.beep', user: '//192.0.2.103:3002' });
    expect(request('unksm2').to.uri).toMatchObject({ scheme: 'isbn', user: '2983792873' });
    expect(request('unksm2').from.uri.scheme).toBe('http');
  });

  it('cparam01, cparam02, regescrt: parameters of the header and of the URI', () => {
    const [loose] = request('cparam01').contacts as SipRequest['routes'];
    expect([loose?.params.has('unknownparam'), loose?.uri.params.has('unknownparam')]).toEqual([true, false]);
    const [tight] = request('cparam02').contacts as SipRequest['routes'];
    expect([tight?.params.has('unknownparam'), tight?.uri.params.has('unknownparam')]).toEqual([false, true]);
    const [escaped] = request('regescrt').contacts as SipRequest['routes'];
    expect(escaped?.uri.headers).toEqual(new Map([['route', '<sip:sip.example.com>']]));
  });

  it('inv2543, badbranch: requests as RFC 2543 had them', () => {
    const inv2543 = request('inv2543');
    expect([inv2543.fromTag, inv2543.vias[0]?.params.size]).toEqual([undefined, 0]);
    expect(inv2543.to.params.get('user')).toBe('phone');
    expect(inv2543.body.toString()).toContain('m=audio 49217');
    expect(request('badbranch').vias[0]?.params.get('branch')).toBe('z9hG4bK');
  });

  it('names what is wrong with the others', () => {
    const reasons = tortureMessages
      .filter((torture) => typeof torture.parse === 'number')
      .map((torture) => [torture.name, failure(torture.name).reason]);
    expect(Object.fromEntries(reasons)).toEqual({
      badinv01: 'Malformed Via',
      clerr: 'Content-Length Beyond the Message',
      ncl: 'Bad Content-Length',
      scalar02: 'Malformed CSeq',
      scalarlg: 'Malformed CSeq',
      quotbal: 'Malformed To',
      ltgtruri: 'Malformed Request-URI',
      lwsruri: 'Malformed Request-URI',
      lwsstart: 'Malformed Request-Line',
      trws: 'Malformed Request-Line',
      escruri: 'Headers in the Request-URI',
      regbadct: 'Malformed Contact',
      badaspec: 'Malformed To',
      badvers: 'Version Not Supported',
      mismatch01: 'CSeq of Another Method',
      mismatch02: 'CSeq of Another Method',
      bigcode: 'Not SIP',
      insuf: 'Missing Call-ID',
      multi01: 'More Than One CSeq',
      mcl01: 'More Than One Content-Length',
    });
  });

  it('leaves a To that cannot be read as it is in the answer', () => {
    const { request: quotbal } = failure('quotbal');
    const answer = newResponse(quotbal!, 400, 'x', { toTag: 'tag' });
    expect(answer.headers.get('To')).toBe('"Mr. J. User <sip:j.user@example.com>');
    const { request: badvers } = failure('badvers');
    expect(badvers!.vias[0]).toMatchObject({ transport: 'UDP', host: 'c.example.com' });
    expect(newResponse(badvers!, 505, 'x', { toTag: 'tag' }).toTag).toBe('tag');
  });

  it('come out of a stream one by one', () => {
    expect(streamed(message('dblreq'))).toEqual({
      // Its second body is longer than it says.
      units: ['REGISTER', 'pong', 'INVITE', 'failure'],
      failed: 'a message has no Content-Length',
    });
    expect(streamed(message('clerr'))).toEqual({ units: [], failed: undefined });
    for (const name of ['ncl', 'mcl01', 'inv2543']) {
      expect(streamed(message(name))).toEqual({
        units: ['failure'],
        failed: expect.stringContaining('Content-Length') as string,
      });
    }
    for (const torture of tortureMessages) {
      if (['dblreq', 'clerr', 'ncl', 'mcl01', 'inv2543', 'multi01'].includes(torture.name)) continue;
      const { units, failed } = streamed(torture.bytes);
      expect([torture.name, units.length, failed]).toEqual([torture.name, 1, undefined]);
    }
  });
});
