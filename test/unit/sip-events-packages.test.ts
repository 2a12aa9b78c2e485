// Bodies of notifications: as the RFCs have them, and with names in them that want to break out.
import { describe, expect, it } from 'vitest';
import {
  dialogInfo,
  dialogPackage,
  escapeXml,
  formatSubscriptionState,
  messageSummary,
  messageSummaryPackage,
  parseSubscriptionState,
  pidf,
  presencePackage,
  regInfo,
  regPackage,
} from '../../daemon/src/sip/events/index.js';

/** Elements and texts of a document, in order: `<name attr="value">`, `text`, `</name>`; throws when it is not well-formed. */
function tokens(document: string): string[] {
  const found: string[] = [];
  const open: string[] = [];
  let at = 0;
  const pattern = /<\?xml version="1\.0" encoding="UTF-8"\?>|<(\/?)([a-z-]+)((?: [a-z-]+="[^"<>]*")*)(\/?)>|([^<]+)/gy;
  for (const match of document.matchAll(pattern)) {
    if (match.index !== at) throw new Error(`not well-formed at ${at}: ${document.slice(at, at + 40)}`);
    at += match[0].length;
    const [text, closing, name, , empty, chars] = match;
    if (chars !== undefined) {
      if (/&(?!(?:amp|lt|gt|quot|apos);)/.test(chars)) throw new Error(`a bare ampersand: ${chars}`);
      if (chars.trim() !== '') found.push(chars.trim());
      continue;
    }
    found.push(text);
    if (name === undefined) continue;
    if (closing === '/' && open.pop() !== name) throw new Error(`unexpected ${text}`);
    if (closing === '' && empty === '') open.push(name);
  }
  if (at !== document.length || open.length > 0) throw new Error(`not closed: ${open.join()} at ${at}`);
  return found;
}

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>';
const ALICE = 'sip:alice@example.com';

describe('message-summary', () => {
  it('is that of RFC 3842 clause 4', () => {
    const voice = { fresh: 2, old: 8, urgent: { fresh: 0, old: 2 } };
    expect(messageSummary('sip:a@b', { voice, account: 'sip:alice@vmail.example.com' })).toBe(
      'Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\nVoice-Message: 2/8 (0/2)\r\n',
    );
    expect(messageSummary(ALICE, { voice: { fresh: 0, old: 3 } })).toBe(
      `Messages-Waiting: no\r\nMessage-Account: ${ALICE}\r\nVoice-Message: 0/3\r\n`,
    );
  });

  it('counts faxes too, and has no line that somebody else wrote', () => {
    const state = { voice: { fresh: 0, old: 0 }, fax: { fresh: 1, old: 0 }, account: 'sip:a\r\nVoice-Message: 9/9' };
    expect(messageSummary(ALICE, state)).toBe(
      'Messages-Waiting: yes\r\nMessage-Account: sip:a  Voice-Message: 9/9\r\nVoice-Message: 0/0\r\nFax-Message: 1/0\r\n',
    );
  });
});

describe('dialog-info', () => {
  it('is that of RFC 4235 clause 6.1: a call that is being tried', () => {
    const call = {
      id: 'as7d900as8',
      dialog: { callId: 'a84b4c76e66710', localTag: '1928301774', remoteTag: '456887766' },
      direction: 'initiator',
      state: 'trying',
    } as const;
    expect(tokens(dialogInfo(ALICE, { station: 'alice', calls: [call] }, 0))).toEqual([
      HEAD,
      '<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full" entity="sip:alice@example.com">',
      '<dialog id="as7d900as8" call-id="a84b4c76e66710" local-tag="1928301774" remote-tag="456887766" direction="initiator">',
      ...['<state>', 'trying', '</state>'],
      ...['<local>', '<identity>', ALICE, '</identity>', '<target uri="sip:alice@example.com"/>', '</local>'],
      ...['</dialog>', '</dialog-info>'],
    ]);
  });

  it('names the other party, unless that is nobody’s business', () => {
    const call = { id: '1', direction: 'recipient', state: 'early' } as const;
    const remote = { uri: 'sip:13800138000@pbx', name: '张三' };
    const shown = tokens(dialogInfo(ALICE, { station: '1', calls: [{ ...call, remote }, call] }, 7));
    expect(shown.filter((token) => token.includes('13800138000') || token.includes('张三'))).toEqual([
      '<identity display="张三">',
      'sip:13800138000@pbx',
      '<target uri="sip:13800138000@pbx"/>',
    ]);
    expect(shown.filter((token) => token === '<remote>')).toHaveLength(1);
    expect(shown[1]).toContain('version="7"');
  });

  it('of a station without calls says that its last one has ended', () => {
    expect(tokens(dialogInfo(ALICE, { station: '1001', calls: [] }, 3)).slice(2)).toEqual([
      ...['<dialog id="1001">', '<state>', 'terminated', '</state>', '</dialog>', '</dialog-info>'],
    ]);
  });

  it('stays small however many calls there are', () => {
    const calls = Array.from(
      { length: 100 },
      (_, n) => ({ id: String(n), direction: 'initiator', state: 'confirmed' }) as const,
    );
    expect(dialogInfo(ALICE, { station: '1', calls }, 0).match(/<dialog /g)).toHaveLength(8);
  });
});

describe('presence', () => {
  it('is that of RFC 3863 4.2', () => {
    const state = {
      basic: 'open',
      contact: 'tel:+09012345678',
      note: "I'll be in Tokyo",
      sinceMs: Date.UTC(2001, 9, 27, 16, 49, 29),
    } as const;
    expect(tokens(pidf('pres:someone@example.com', state))).toEqual([
      HEAD,
      '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="pres:someone@example.com">',
      ...['<tuple id="t1">', '<status>', '<basic>', 'open', '</basic>', '</status>'],
      ...['<contact>', 'tel:+09012345678', '</contact>', '<note>', 'I&apos;ll be in Tokyo', '</note>'],
      ...['<timestamp>', '2001-10-27T16:49:29.000Z', '</timestamp>', '</tuple>', '</presence>'],
    ]);
    expect(tokens(pidf(ALICE, { basic: 'closed' })).join('')).not.toMatch(/note|timestamp/);
  });
});

describe('reginfo', () => {
  it('is that of RFC 3680 5.3: one contact, registered', () => {
    const contact = {
      id: '76',
      uri: 'sip:user@pc887.example.com',
      event: 'registered',
      active: true,
      expiresS: 7322,
      q: 0.8,
    } as const;
    expect(tokens(regInfo('sip:user@example.com', { id: 'as9', contacts: [contact] }, 0))).toEqual([
      HEAD,
      '<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full">',
      '<registration aor="sip:user@example.com" id="as9" state="active">',
      '<contact id="76" state="active" event="registered" expires="7322" q="0.8">',
      ...['<uri>', 'sip:user@pc887.example.com', '</uri>', '</contact>', '</registration>', '</reginfo>'],
    ]);
  });

  it('tells nothing yet from nothing any more', () => {
    const stateOf = (contacts: Parameters<typeof regInfo>[1]['contacts']): string | undefined =>
      /<registration [^>]*state="([a-z]+)"/.exec(regInfo(ALICE, { id: 'a', contacts }, 0))?.[1];
    const gone = { id: '1', uri: 'sip:a@b', event: 'expired', active: false } as const;
    expect(stateOf([])).toBe('init');
    expect(stateOf([gone])).toBe('terminated');
    expect(stateOf([gone, { ...gone, id: '2', event: 'created', active: true }])).toBe('active');
    expect(
      regInfo(ALICE, { id: 'a', contacts: Array<typeof gone>(50).fill(gone) }, 0).match(/<contact /g),
    ).toHaveLength(10);
  });
});

describe('names that callers give themselves', () => {
  const HOSTILE = '"/><x y=\'1\'>&lt;&#0;\0\r\n\u0085\ufffe\ud800<!ENTITY a "b">]]>';

  it('stay text in every document', () => {
    const remote = { uri: HOSTILE, name: HOSTILE };
    const dialog = { callId: HOSTILE, localTag: HOSTILE, remoteTag: HOSTILE };
    const contact = { id: HOSTILE, uri: HOSTILE, event: 'registered', active: true } as const;
    const documents = [
      dialogInfo(HOSTILE, { station: HOSTILE, calls: [] }, 0),
      dialogInfo(
        HOSTILE,
        { station: '', calls: [{ id: HOSTILE, direction: 'initiator', state: 'early', remote, dialog }] },
        0,
      ),
      pidf(HOSTILE, { basic: 'open', note: HOSTILE, contact: HOSTILE }),
      regInfo(HOSTILE, { id: HOSTILE, contacts: [contact] }, 0),
    ];
    for (const document of documents) {
      expect(() => tokens(document)).not.toThrow();
      expect(tokens(document).filter((token) => token.startsWith('<x') || token.startsWith('<!'))).toEqual([]);
      expect(document).not.toMatch(/[\0\r\u0085\ufffe]|\p{Surrogate}/u);
    }
  });

  it('are escaped as XML wants, and not otherwise changed', () => {
    expect(escapeXml(`<a href="x">&'`)).toBe('&lt;a href=&quot;x&quot;&gt;&amp;&apos;');
    expect(escapeXml('王小明 📞 é')).toBe('王小明 📞 é');
    expect(escapeXml('a\tb\x7fc\udc80')).toBe('a b c ');
  });
});

describe('packages', () => {
  it('have the names, types and times of their RFCs', () => {
    const source = { state: () => undefined };
    const all = [messageSummaryPackage(source), dialogPackage(source), presencePackage(source), regPackage(source)];
    expect(all.map(({ name, contentType, defaultExpiresS }) => [name, contentType, defaultExpiresS])).toEqual([
      ['message-summary', 'application/simple-message-summary', 3600],
      ['dialog', 'application/dialog-info+xml', 3600],
      ['presence', 'application/pidf+xml', 3600],
      ['reg', 'application/reginfo+xml', 3761],
    ]);
    for (const one of all) {
      expect(one.document('sip:nobody@example.com', 0)).toBeUndefined();
      expect(one.allows('1001', ALICE)).toBe(true);
    }
    const own = dialogPackage({ ...source, allows: (account, resource) => resource.startsWith(`sip:${account}@`) });
    expect([own.allows('alice', ALICE), own.allows('bob', ALICE)]).toEqual([true, false]);
  });
});

describe('Subscription-State', () => {
  it('is written and read', () => {
    const states = [
      ['active;expires=600', { state: 'active', expiresS: 600 }],
      ['pending', { state: 'pending', expiresS: undefined }],
      ['terminated;reason=probation;retry-after=30', { state: 'terminated', reason: 'probation', retryAfterS: 30 }],
      ['terminated', { state: 'terminated', reason: undefined, retryAfterS: undefined }],
    ] as const;
    for (const [text, state] of states) {
      expect(formatSubscriptionState(state)).toBe(text);
      expect(parseSubscriptionState(text)).toEqual(state);
    }
    expect(parseSubscriptionState('Terminated ; Reason=NoResource')).toMatchObject({ reason: 'noresource' });
    expect(parseSubscriptionState('terminated;reason=whim;retry-after=x')).toMatchObject({
      ...{ reason: undefined, retryAfterS: undefined },
    });
    expect(parseSubscriptionState('active;expires=99999999999999999999')).toEqual({
      state: 'active',
      expiresS: 4_294_967_295,
    });
    for (const odd of [undefined, '', 'gone', ';active']) expect(parseSubscriptionState(odd)).toBeUndefined();
  });
});
