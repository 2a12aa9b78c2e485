// The power comes back in a building: every telephone registers, and again. `npm run figures -- sip` does it with 2,000.
import { expect, it } from 'vitest';
import { LoadBox } from '../support/sip-load-box.js';
import { stormOf } from '../support/sip-storm.js';

const PHONES = 150;

it('registers all telephones of a building that come at once, and again', async () => {
  const box = await LoadBox.start();
  try {
    const result = await stormOf(box, PHONES, 1500);
    expect(result).toMatchObject({ registered: PHONES, refreshed: PHONES, refused: 0, stored: PHONES });
  } finally {
    await box.stop();
  }
}, 180_000);
