// Staffing by the formulas of the field. Erlang C: callers wait for ever; Erlang A (M/M/n+M, Palm 1957): each gives up after a
// time of his own, exponentially distributed with the mean `patienceS`. Rates in calls a second, times in seconds.

export interface Load {
  /** calls a second */
  arrivalRate: number;
  /** mean handling time, s */
  ahtS: number;
  agents: number;
}

export interface ErlangC {
  /** that a caller must wait */
  waitProbability: number;
  /** answered within `thresholdS`, 0 to 1 */
  serviceLevel: number;
  /** mean wait of all callers, s */
  asaS: number;
  /** 0 to 1 */
  occupancy: number;
}

/** Throws a RangeError when there are not more agents than erlangs: the queue grows for ever. */
export function erlangC({ arrivalRate, ahtS, agents }: Load, thresholdS: number): ErlangC {
  const load = arrivalRate * ahtS;
  if (!(agents > load)) throw new RangeError(`${agents} agents cannot do ${load} erlangs`);
  const blocked = erlangB(load, agents);
  const waitProbability = blocked / (1 - (load / agents) * (1 - blocked));
  return {
    waitProbability,
    serviceLevel: 1 - waitProbability * Math.exp((-(agents - load) * thresholdS) / ahtS),
    asaS: (waitProbability * ahtS) / (agents - load),
    occupancy: load / agents,
  };
}

/** That all of `agents` lines are busy when nobody waits (Erlang B), by its recursion, which never overflows. */
export function erlangB(load: number, agents: number): number {
  let blocked = 1;
  for (let n = 1; n <= agents; n += 1) blocked = (load * blocked) / (n + load * blocked);
  return blocked;
}

export interface ErlangA {
  waitProbability: number;
  /** of all callers, 0 to 1 */
  abandoned: number;
  /** mean wait of those who are answered, s */
  asaS: number;
  /** mean wait of all, those who give up included, s */
  meanWaitS: number;
  /** answered within the threshold / (answered + abandoned after it): KPI, the default */
  serviceLevel: number;
  occupancy: number;
}

/** The tail of the queue is cut where it is less likely than this. */
const NEGLIGIBLE = 1e-14;
const STEPS_TO_THRESHOLD = 4000;

/** Any number of agents: who gives up keeps the queue finite. */
export function erlangA(
  { arrivalRate, ahtS, agents, patienceS }: Load & { patienceS: number },
  thresholdS: number,
): ErlangA {
  const [served, left] = [1 / ahtS, 1 / patienceS];
  // Weights of n calls in the system, scaled by the one of `agents` calls.
  const below: number[] = [1];
  for (let n = agents; n > 0; n -= 1) below.push(((below.at(-1) as number) * n * served) / arrivalRate);
  const waiting: number[] = [1];
  for (let k = 1; (waiting.at(-1) as number) > NEGLIGIBLE || k < 2; k += 1) {
    waiting.push(((waiting.at(-1) as number) * arrivalRate) / (agents * served + k * left));
    if (k > 1_000_000) break;
  }
  const total = sum(below) + sum(waiting) - 1;
  // Arrivals see time averages: one who comes when k wait has k before him.
  const probability = waiting.map((weight) => weight / total);
  const waitProbability = sum(probability);
  const queue = probability.reduce((all, p, k) => all + k * p, 0);
  const abandoned = (queue * left) / arrivalRate;
  const { within, answeredWait, abandonedLate } = waits(probability, { agents, served, left }, thresholdS);
  const answeredNow = 1 - waitProbability;
  return {
    waitProbability,
    abandoned,
    asaS: answeredWait / (1 - abandoned),
    meanWaitS: queue / arrivalRate,
    serviceLevel: (answeredNow + within) / (1 - abandoned + abandonedLate),
    occupancy: (arrivalRate * (1 - abandoned) * ahtS) / agents,
  };
}

interface Rates {
  agents: number;
  served: number;
  left: number;
}

/**
 * What becomes of those who wait. One with k before him: places before him go at the rate agents·served + j·left, he himself at
 * `left`. Followed in time by the chances of each place (uniform steps of second order up to the threshold), and closed after it.
 */
function waits(arriving: readonly number[], { agents, served, left }: Rates, thresholdS: number) {
  let place = [...arriving];
  const rate = agents * served;
  // Mean wait of those who are answered from place k: by first steps. answer[k]: that he is; wait[k]: E[wait; answered].
  const answer: number[] = [];
  const wait: number[] = [];
  for (let k = 0; k < place.length; k += 1) {
    const out = rate + (k + 1) * left;
    const on = (rate + k * left) / out;
    answer.push(on * (k === 0 ? 1 : (answer[k - 1] as number)));
    wait.push((answer[k] as number) / out + on * (k === 0 ? 0 : (wait[k - 1] as number)));
  }
  const answeredWait = dot(arriving, wait);
  const dt = thresholdS / STEPS_TO_THRESHOLD;
  let within = 0;
  const step = (from: readonly number[]): number[] =>
    from.map((p, k) => -p * (rate + (k + 1) * left) + (from[k + 1] ?? 0) * (rate + (k + 1) * left));
  for (let i = 0; thresholdS > 0 && i < STEPS_TO_THRESHOLD; i += 1) {
    const slope = step(place);
    const half = place.map((p, k) => p + (slope[k] as number) * (dt / 2));
    const middle = step(half);
    within += (half[0] as number) * rate * dt;
    place = place.map((p, k) => Math.max(0, p + (middle[k] as number) * dt));
  }
  // Those who are still there are answered or give up, after the threshold.
  return { within, answeredWait, abandonedLate: sum(place) - dot(place, answer) };
}

function sum(all: readonly number[]): number {
  return all.reduce((total, one) => total + one, 0);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((total, one, i) => total + one * (b[i] as number), 0);
}
