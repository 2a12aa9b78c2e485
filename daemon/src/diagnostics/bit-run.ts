// Patterns on many ports at once, for so many seconds.
import type { EngineClient, EngineEvents } from '../engine/index.js';
import type { Clock } from '../platform/index.js';

export type BitFigures = EngineEvents['probe.second']['figures'];

export interface BitRunOptions {
  engine: EngineClient;
  clock: Clock;
  signal: AbortSignal;
  /** each sends the pattern and looks for it */
  ports: readonly number[];
  seconds: number;
  progress?: (share: number) => void;
}

export interface BitRun {
  /** in the order of the ports; undefined: a call took the port, or its call is over */
  figures: (BitFigures | undefined)[];
}

/** Probes begin to count when they have found the pattern, or two seconds after they began. */
const PATIENCE_MS = 6000;

export async function runBits(options: BitRunOptions): Promise<BitRun> {
  const { engine, clock, signal, ports, seconds, progress } = options;
  const probes: number[] = [];
  const counted = new Map<number, BitFigures>();
  const ended = new Set<number>();
  let look = (): void => undefined;
  const offs = [
    engine.events.on('probe.second', ({ probe, figures }) => {
      counted.set(probe, figures);
      look();
    }),
    engine.events.on('probe.ended', ({ probe }) => {
      ended.add(probe);
      look();
    }),
  ];
  try {
    for (const port of ports) probes.push((await engine.command('probe.bits', { port })).probe);
    await new Promise<void>((resolve, reject) => {
      const timer = clock.after(seconds * 1000 + PATIENCE_MS, resolve);
      const aborted = (): void => {
        timer.cancel();
        reject(signal.reason as Error);
      };
      const over = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', aborted);
        resolve();
      };
      signal.throwIfAborted();
      signal.addEventListener('abort', aborted, { once: true });
      look = () => {
        const left = probes.filter((probe) => !ended.has(probe));
        const least = Math.min(...left.map((probe) => counted.get(probe)?.seconds ?? 0));
        progress?.(Math.min(1, least / seconds));
        if (left.length === 0 || least >= seconds) over();
      };
      look();
    });
    // As of the latest second: when the first is taken away, the other end of its line has lost the pattern.
    return { figures: probes.map((probe) => (ended.has(probe) ? undefined : counted.get(probe))) };
  } finally {
    for (const off of offs) off();
    await Promise.all(probes.map((probe) => stop(engine, probe)));
  }
}

async function stop(engine: EngineClient, probe: number): Promise<void> {
  // It may have ended by itself.
  await engine.command('probe.stop', { probe }).catch(() => undefined);
}
