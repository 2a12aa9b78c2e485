// 10,000 calls through the distributor, the same callers through the model, and the model with millions beside the formulas.
import { erlangA, erlangC } from '../../daemon/src/acd/erlang.js';
import { firstComeFirstServed, simulate } from './centre-simulation.js';

const C = { arrivalRate: 360 / 1800, ahtS: 240, agents: 55, thresholdS: 15 };
const A = { arrivalRate: 360 / 1800, ahtS: 240, agents: 46, patienceS: 90, thresholdS: 20 };

/** One sample of 10,000 calls of a busy centre is off by several points by chance; the mean of so many is not. */
const SAMPLES = 20;
async function samples(of: typeof C | typeof A): Promise<{ serviceLevel: number; asaS: number }> {
  const sum = { serviceLevel: 0, asaS: 0 };
  for (let seed = 1; seed <= SAMPLES; seed++) {
    const { serviceLevel, asaS } = await simulate({ ...of, calls: 10_000, seed });
    sum.serviceLevel += serviceLevel / SAMPLES;
    sum.asaS += asaS / SAMPLES;
  }
  return sum;
}

const distributorC = await simulate({ ...C, calls: 10_000, seed: 1 });
const distributorA = await simulate({ ...A, calls: 10_000, seed: 1 });
process.stdout.write(
  `${JSON.stringify({
    c: {
      formula: erlangC(C, C.thresholdS),
      distributor: distributorC,
      samples: await samples(C),
      sameCallers: firstComeFirstServed({ ...C, calls: 10_000, seed: 1 }),
      model: firstComeFirstServed({ ...C, calls: 10_000_000, seed: 2 }),
    },
    a: {
      formula: erlangA(A, A.thresholdS),
      distributor: distributorA,
      samples: await samples(A),
      sameCallers: firstComeFirstServed({ ...A, calls: 10_000, seed: 1 }),
      model: firstComeFirstServed({ ...A, calls: 2_000_000, seed: 3 }),
    },
  })}\n`,
);
