// The program of the figure: `node sip-scan-child.mjs <calls>`. Its last line is one JSON object.
import { LoadBox } from './sip-load-box.js';
import { TRUSTED, scanDuring } from './sip-scan.js';

const [calls = '100'] = process.argv.slice(2);
const box = await LoadBox.start({ CORDBOARD_SIP_TRUSTED: TRUSTED });
try {
  process.stdout.write(`${JSON.stringify(await scanDuring(box, Number(calls), 10_000))}\n`);
} finally {
  await box.stop();
}
