// SIPVicious at a box with calls in progress. `npm run figures -- sip` does it with 100.
import { expect, it } from 'vitest';
import { LoadBox } from '../support/sip-load-box.js';
import { CRACKER, SCANNER, TRUSTED, scanDuring } from '../support/sip-scan.js';

const CALLS = 5;

it('calls in progress do not notice a scanner, which is banned and learns nothing', async () => {
  const box = await LoadBox.start({ CORDBOARD_SIP_TRUSTED: TRUSTED });
  try {
    const { ended, scanned, found, bans, refused } = await scanDuring(box, CALLS, 2000);
    expect(ended).toBe(0);
    expect(scanned.lost).toBe(0);
    expect(scanned.share).toBeGreaterThan(0.99);
    expect(found).toEqual([]);
    expect(bans.map(({ address, reason }) => `${address} ${reason}`).sort()).toEqual([
      `${CRACKER} failures`,
      `${SCANNER} scanner`,
    ]);
    for (const { until } of bans) expect(until).toBeGreaterThan(Date.now());
    expect(refused).toBe(true);
  } finally {
    await box.stop();
  }
}, 240_000);
