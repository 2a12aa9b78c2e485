// How soon the caller's card stands on the agent's page: from the moment at which the queue offers him the call (the event in the
// daemon) to the frame in which his name, kept in the box, is drawn. Queued calls over the virtual card.
import { until } from './until.mjs';
import { api, waitFor } from '../box.mjs';
import { percentile } from '../report.mjs';
import { withDesk } from './desk-page.mjs';

const CALLS = 30;

/** Notes when each name was drawn first, by the wall clock. */
const WATCH = `
  window.drawn = {};
  new MutationObserver(() => {
    const card = document.querySelector('[data-card]');
    const name = card?.querySelector('[data-contact-name]')?.textContent.trim();
    if (!name || name in window.drawn) return;
    window.drawn[name] = 0;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      window.drawn[name] = performance.timeOrigin + performance.now();
    }));
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
`;

export async function pop(report) {
  await withDesk(async ({ box, page, origin }) => {
    const definition = {
      start: 'sales',
      nodes: { sales: { type: 'queue', queue: 'sales', overflow: 'bye' }, bye: { type: 'hangup', cause: 16 } },
    };
    await api(box, 'PUT', 'flows/straight', { name: 'Straight', definition });
    await api(box, 'POST', 'routes', { calledNumber: '95009', flowId: 'straight', language: 'en' });
    await page.goto(`${origin}/desk`);
    await page.locator('[data-state][data-is="ready"]').waitFor();
    await page.evaluate(WATCH);
    const times = [];
    for (let i = 0; i < CALLS; i += 1) {
      const number = `138${String(10_000_000 + i * 7919)}`;
      const name = `Customer ${i}`;
      await api(box, 'POST', 'contacts', { name, numbers: [number] });
      let offeredAt = 0;
      const off = box.calls.events.on('call.offered', () => {
        offeredAt = performance.timeOrigin + performance.now();
      });
      const placed = await box.exchange.callers.place({ calledNumber: '95009', callingNumber: number });
      await until(page, `window.drawn[${JSON.stringify(name)}] > 0`);
      off();
      times.push((await page.evaluate(`window.drawn[${JSON.stringify(name)}]`)) - offeredAt);
      await box.exchange.callers.hangUp(placed.id);
      await waitFor(box, 'agent.updated', () => box.agents.find('2001')?.state === 'ready');
      await waitFor(box, 'station.updated', () => box.stations.find(1)?.ringing === false);
    }
    report.note(`${CALLS} queued calls, from the offer to the name on the page`);
    report.add('popP50Ms', percentile(times, 50), 'ms', 300, 'most');
    report.add('popP99Ms', percentile(times, 99), 'ms', 300, 'most');
  });
}
