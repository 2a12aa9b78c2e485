// The time of the processor that this process has had: what others do with the machine meanwhile does not count.

/** Time that the processors gave to this process so far. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
