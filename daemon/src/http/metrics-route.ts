// GET /metrics, for Prometheus: from this machine, or with the token of one who may see its health.
import type { Middleware } from 'koa';
import type { Counter } from 'prom-client';
import type { Metrics } from '../platform/index.js';
import { isLoopback, mustMay } from './auth/identity.js';
import type { Sessions } from './auth/sessions.js';
import type { Ports } from './ports.js';
import { identityOf } from './router.js';

export function metricsRoute(metrics: Metrics, sessions: Sessions): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== '/metrics' || ctx.method !== 'GET') return next();
    // What comes through a proxy on this machine comes from elsewhere.
    const direct =
      isLoopback(ctx.req.socket.remoteAddress) && ctx.get('x-forwarded-for') === '' && ctx.get('via') === '';
    if (!direct || ctx.get('authorization') !== '') {
      const identity = await identityOf(ctx, sessions);
      mustMay(identity, ['health.view']);
    }
    ctx.set('Cache-Control', 'no-store');
    ctx.set('Content-Type', metrics.contentType);
    ctx.body = await metrics.text();
  };
}

/** The engine's figures, read at each scrape. */
export function engineMetrics(metrics: Metrics, engine: Ports['engine']): void {
  const up = metrics.gauge('engine_up', '1 while the engine answers');
  const work = metrics.gauge('engine_tick_work_seconds', 'Work of a 20 ms tick', ['quantile']);
  const lateness = metrics.gauge('engine_tick_lateness_seconds', 'Start of a tick behind its time', ['quantile']);
  const realtime = metrics.gauge('engine_tick_realtime', '1 when the media thread runs under SCHED_FIFO');
  metrics.beforeScrape(async () => {
    try {
      const { tick, counters } = await engine.statistics();
      up.set(1);
      work.set({ quantile: '0.5' }, tick.p50Us / 1e6);
      work.set({ quantile: '0.99' }, tick.p99Us / 1e6);
      work.set({ quantile: '1' }, tick.maxUs / 1e6);
      lateness.set({ quantile: '0.5' }, tick.latenessP50Us / 1e6);
      lateness.set({ quantile: '0.99' }, tick.latenessP99Us / 1e6);
      lateness.set({ quantile: '1' }, tick.latenessMaxUs / 1e6);
      realtime.set(tick.realtime ? 1 : 0);
      setCounter(metrics.counter('engine_ticks_total', 'Ticks done'), tick.ticks);
      setCounter(metrics.counter('engine_ticks_missed_total', 'Ticks begun more than 20 ms late'), tick.missed);
      for (const { name, doc, value } of counters) {
        if (/^[a-z][a-z0-9_]*$/.test(name)) setCounter(metrics.counter(`engine_${name}_total`, doc), value);
      }
    } catch {
      up.set(0);
    }
  });
}

/** The engine counts; we only pass on. */
function setCounter(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(Math.max(0, value));
}
