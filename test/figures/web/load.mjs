// The first look at the desk with an empty cache: how much script comes over the wire, as the daemon serves it, and how long it takes
// until the button of the agent's state works.
import { withDesk } from './desk-page.mjs';

export async function load(report) {
  await withDesk(async ({ page, origin }) => {
    const wire = await page.context().newCDPSession(page);
    await wire.send('Network.enable');
    const scripts = new Map();
    const sums = { bytes: 0, files: 0 };
    wire.on('Network.responseReceived', ({ requestId, type }) => {
      if (type === 'Script') scripts.set(requestId, true);
    });
    // With headers, as they were on the wire; only what has come before the page could be used.
    let counting = true;
    wire.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (!counting || !scripts.has(requestId)) return;
      sums.bytes += encodedDataLength;
      sums.files += 1;
    });
    const begun = performance.now();
    await page.goto(`${origin}/desk`, { waitUntil: 'commit' });
    await page.locator('[data-state-menu]:not([disabled])').click();
    await page.locator('[data-to="ready"]').waitFor();
    const interactiveMs = performance.now() - begun;
    counting = false;
    report.note(`${sums.files} scripts, compressed by the box`);
    report.add('deskScriptKb', sums.bytes / 1024, 'kB', 300, 'most');
    report.add('deskInteractiveMs', interactiveMs, 'ms', 1500, 'most');
  });
}
