// Prometheus metrics. One registry a daemon (not the library's global one, so that tests can have several at once). Names begin
// with cordboard_; a metric is made where it is counted: `metrics.counter('calls_refused_total', 'Calls turned away')`.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export class Metrics {
  readonly registry = new Registry();

  /** `defaults`: also those of the process (memory, event loop, …). */
  constructor(options: { defaults?: boolean } = {}) {
    if (options.defaults === true) collectDefaultMetrics({ register: this.registry });
  }

  /** The counter of this name; asked for again, the same one. */
  counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    const existing = this.registry.getSingleMetric(full(name));
    if (existing !== undefined) return existing as Counter<L>;
    return new Counter({ name: full(name), help, labelNames, registers: [this.registry] });
  }

  gauge<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    const existing = this.registry.getSingleMetric(full(name));
    if (existing !== undefined) return existing as Gauge<L>;
    return new Gauge({ name: full(name), help, labelNames, registers: [this.registry] });
  }

  /** `buckets` in the unit that the name ends with. */
  histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[] = [],
  ): Histogram<L> {
    const existing = this.registry.getSingleMetric(full(name));
    if (existing !== undefined) return existing as Histogram<L>;
    return new Histogram({ name: full(name), help, labelNames, buckets, registers: [this.registry] });
  }

  /** Runs `collect` before every scrape, for values that somebody else counts. */
  beforeScrape(collect: () => void | Promise<void>): void {
    this.#collectors.push(collect);
  }

  /** The text of a scrape; a collector that fails leaves its metrics as they were. */
  async text(): Promise<string> {
    await Promise.allSettled(this.#collectors.map(async (collect) => collect()));
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  readonly #collectors: (() => void | Promise<void>)[] = [];
}

function full(name: string): string {
  return name.startsWith('cordboard_') ? name : `cordboard_${name}`;
}
