// The order in which the hosts of an SRV answer are tried (RFC 2782).

/** What is drawn: SRV records, hosts of a trunk. */
interface Weighted {
  readonly priority: number;
  readonly weight: number;
}

/**
 * Lowest priority first; within a priority drawn at random, in proportion to the weights. `random` gives 0 <= x < 1; it
 * spreads load and keeps no secret.
 */
export function srvOrder<T extends Weighted>(records: readonly T[], random: () => number): T[] {
  const byPriority = new Map<number, T[]>();
  for (const record of records) {
    const same = byPriority.get(record.priority);
    if (same === undefined) byPriority.set(record.priority, [record]);
    else same.push(record);
  }
  return [...byPriority.keys()]
    .sort((a, b) => a - b)
    .flatMap((priority) => draw(byPriority.get(priority) ?? [], random));
}

/** Weight 0 stands first, so that it is drawn only when the number is 0: "a very small chance". */
function draw<T extends Weighted>(records: readonly T[], random: () => number): T[] {
  const left = [...records].sort((a, b) => Number(a.weight > 0) - Number(b.weight > 0));
  const drawn: T[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, record) => sum + record.weight, 0);
    const number = Math.floor(random() * (total + 1));
    let sum = 0;
    const at = left.findIndex((record) => (sum += record.weight) >= number);
    drawn.push(...left.splice(Math.max(0, at), 1));
  }
  return drawn;
}
