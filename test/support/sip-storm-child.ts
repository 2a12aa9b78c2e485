// The program of the figure: `node sip-storm-child.mjs <phones> <ms>`. Its last line is one JSON object.
import { LoadBox, percentile } from './sip-load-box.js';
import { stormOf } from './sip-storm.js';

const [phones = '2000', withinMs = '10000'] = process.argv.slice(2);
const box = await LoadBox.start();
try {
  const { registerMs, refreshMs, ...counts } = await stormOf(box, Number(phones), Number(withinMs));
  const figures = {
    ...counts,
    registerMedianMs: percentile(registerMs, 50),
    registerP99Ms: percentile(registerMs, 99),
    refreshP99Ms: percentile(refreshMs, 99),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await box.stop();
}
