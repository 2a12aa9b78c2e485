// What is in the box, and what its boards have counted.
import { measure, skipped, type Case } from '../case.js';
import { DIAGNOSTIC_SETTINGS_LIMIT } from '../../contract/index.js';
import { boardsOf } from '../boards.js';

export const inventoryCase: Case = {
  id: 'inventory',
  needs: 'box',
  run({ inventory, lines }) {
    const chosen = lines.filter(({ kind }) => kind === 'span').length;
    const all = inventory.lines.length;
    const there = inventory.lines.filter(({ card, span }) =>
      card === 'virtual' ? true : inventory.boards.some(({ spans }) => spans.includes(span)),
    ).length;
    const limit = { low: all, standard: DIAGNOSTIC_SETTINGS_LIMIT };
    const channels = lines.reduce((sum, line) => sum + (line.kind === 'span' ? line.slots.length : 1), 0);
    const detail = inventory.boards
      .filter(({ board }) => board !== 'virtual')
      .map(({ board, type, serial }) => [board, type, serial].filter((part) => part !== '').join(' '))
      .join('; ');
    const measures = [measure('spansFound', there, '', limit), measure('channels', channels, '')];
    return Promise.resolve({ measures, detail: [`${chosen} × E1`, detail].filter((part) => part !== '').join('. ') });
  },
};

const DAY_MS = 86_400_000;

export const alarmsCase: Case = {
  id: 'alarms',
  needs: 'span',
  async run({ engine, alarms, clock }, line) {
    const { spans } = await engine.command('engine.snapshot', {});
    const now = spans.find(({ span }) => span === line.span)?.alarms ?? [];
    const since = clock.wallMs() - DAY_MS;
    const lately = alarms.filter(({ span, endedAt }) => span === line.span && (endedAt ?? Infinity) >= since);
    return {
      measures: [
        measure('alarmsNow', now.length, '', { high: 0, standard: 'G.732, G.775' }),
        measure('alarmsLately', lately.length, ''),
      ],
      detail: now.join(', ').toUpperCase(),
    };
  },
};

/** The framer counts while the line runs, with whatever goes over it. */
export const lineErrorsCase: Case = {
  id: 'line-errors',
  needs: 'span',
  async run({ engine, clock, rig, signal, inventory, progress }, line) {
    if (inventory.lines.find(({ span }) => span === line.span)?.card !== 'dahdi') return skipped('notOnVirtual');
    const read = async () => (await boardsOf(engine))?.spans.find(({ span }) => span === line.span);
    const before = await read();
    const seconds = Math.min(rig.seconds, 60);
    for (let second = 1; second <= seconds; second += 1) {
      await clock.sleep(1000, signal);
      progress(second / seconds);
    }
    const after = await read();
    if (before === undefined || after === undefined) return { measures: [], reason: 'fault' };
    const limit = { high: 0, standard: 'G.704, G.706' };
    return {
      measures: [
        measure('crc4Errors', after.crc4Errors - before.crc4Errors, '', limit),
        measure('eBits', after.eBits - before.eBits, '', limit),
        measure('framingErrors', after.framingErrors - before.framingErrors, '', limit),
        measure('codingViolations', after.codingViolations - before.codingViolations, '', {
          high: 0,
          standard: 'G.703',
        }),
      ],
    };
  },
};

/** As far as the machine's own clock can be trusted, which is some tens of millionths. */
export const clockCase: Case = {
  id: 'clock',
  needs: 'box',
  async run({ engine, clock, rig, signal, progress }) {
    const seconds = Math.max(3, Math.min(rig.seconds, 55));
    for (let second = 1; second <= seconds; second += 1) {
      await clock.sleep(1000, signal);
      progress(second / seconds);
    }
    const { ppm, board, ms } = await engine.command('probe.clock', { ms: seconds * 1000 });
    const limit = board ? { low: -100, high: 100, standard: 'G.703 (±50 ppm), machine ±50 ppm' } : undefined;
    return {
      measures: [measure('clockPpm', ppm, 'ppm', limit)],
      detail: `${board ? 'board' : 'machine'}, ${Math.round(ms / 1000)} s`,
    };
  },
};
