// The program of `npm run fuzz -- sip`: `node sip-fuzz-child.mjs <datagrams> <seed>`. Its last line is one JSON object.
import { fuzzStack } from './sip-fuzz.js';

const [count = '100000', seed = '4475'] = process.argv.slice(2);
const result = await fuzzStack({
  count: Number(count),
  seed: Number(seed),
  progress: (done, optionsMs) => {
    if (done % 10_000 === 0) process.stderr.write(`  ${done} datagrams, OPTIONS after ${optionsMs.toFixed(1)} ms\n`);
  },
});
const sorted = [...result.optionsMs].sort((a, b) => a - b);
const { optionsMs: _all, optionsCpuMs: _each, faults, ...figures } = result;
for (const fault of faults) process.stderr.write(`  ! ${fault}\n`);
process.stdout.write(
  `${JSON.stringify({
    ...figures,
    faults: faults.length,
    optionsMedianMs: sorted[sorted.length >> 1],
    optionsLongestMs: sorted.at(-1),
  })}\n`,
);
