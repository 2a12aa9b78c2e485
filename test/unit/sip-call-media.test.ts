// What the engine's stream is told of a call's session descriptions.
import { beforeEach, describe, expect, it } from 'vitest';
import { CallMedia } from '../../daemon/src/sip/stack/call-media.js';
import type { RemoteMedia } from '../../daemon/src/sip/stack/index.js';
import { formatSdp } from '../../daemon/src/sip/sdp/index.js';
import { counted, PHONE, sdp } from '../support/sip-sdp-ends.js';

const DIALOG = { dialogId: 'd1', early: false, preview: false };
/** what the phone says of itself */
const SAID = '198.51.100.7';
const NAT = '203.0.113.5';

let told: RemoteMedia[];

beforeEach(() => {
  told = [];
});

function mediaOf({ signalling, mayLatch = true }: { signalling: string | undefined; mayLatch?: boolean }): CallMedia {
  const media = new CallMedia({
    policy: { codecs: ['pcma'], srtp: 'none', dtmf: 'auto' },
    address: '192.0.2.10',
    sessionId: '1',
    signalling: () => signalling,
    randomBytes: counted(),
    mayLatch,
    changed: (changed) => told.push(changed),
    held: () => undefined,
  });
  media.setLocal({ rtpPort: 4000, rtcpPort: 4001 });
  return media;
}

const ends = {
  offers: async (media: CallMedia) => void (await media.answer(formatSdp(sdp(...PHONE)), DIALOG)),
  answers: async (media: CallMedia) => {
    await media.offer(DIALOG);
    media.answered(formatSdp(sdp('m=audio 5004 RTP/AVP 8', 'a=rtpmap:8 PCMA/8000')), DIALOG);
  },
};

describe.each(Object.entries(ends))('a phone that %s', (_name, describeItself) => {
  it('is looked for where its signalling comes from, when it says that it is elsewhere', async () => {
    await describeItself(mediaOf({ signalling: NAT }));
    expect(told).toMatchObject([{ remoteAddress: SAID, remotePort: 5004, latch: true, latchAddress: NAT }]);
  });

  it('is where it says, when its signalling comes from there', async () => {
    await describeItself(mediaOf({ signalling: SAID }));
    expect(told).toMatchObject([{ remoteAddress: SAID, latch: false }]);
    expect(told[0]).not.toHaveProperty('latchAddress');
  });

  it('is looked for nowhere, when it is a trunk or its signalling comes from an unknown place', async () => {
    await describeItself(mediaOf({ signalling: NAT, mayLatch: false }));
    await describeItself(mediaOf({ signalling: undefined }));
    expect(told.map(({ latch, latchAddress }) => [latch, latchAddress])).toEqual([
      [false, undefined],
      [false, undefined],
    ]);
  });
});
