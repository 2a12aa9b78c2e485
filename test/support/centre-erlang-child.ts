// 10,000 calls through the distributor, the same callers through the model, and the model with millions beside the formulas.
import { erlangA, erlangC } from '../../daemon/src/acd/erlang.js';
import { firstComeFirstServed, simulate } from './centre-simulation.js';

const C = { arrivalRate: 360 / 1800, ahtS: 240, agents: 55, thresholdS: 15 };
const A = { arrivalRate: 360 / 1800, ahtS: 240, agents: 46, patienceS: 90, thresholdS: 20 };

const distributorC = await simulate({ ...C, calls: 10_000, seed: 1 });
const distributorA = await simulate({ ...A, calls: 10_000, seed: 1 });
process.stdout.write(
  `${JSON.stringify({
    c: {
      formula: erlangC(C, C.thresholdS),
      distributor: distributorC,
      sameCallers: firstComeFirstServed({ ...C, calls: 10_000, seed: 1 }),
      model: firstComeFirstServed({ ...C, calls: 10_000_000, seed: 2 }),
    },
    a: {
      formula: erlangA(A, A.thresholdS),
      distributor: distributorA,
      sameCallers: firstComeFirstServed({ ...A, calls: 10_000, seed: 1 }),
      model: firstComeFirstServed({ ...A, calls: 2_000_000, seed: 3 }),
    },
  })}\n`,
);
