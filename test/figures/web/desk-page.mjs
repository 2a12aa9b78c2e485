// A box with an agent who has signed in, and his browser: for the figures of the pages.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { api, signIn, withBox } from '../box.mjs';

const PASSWORD = 'cord and jack 31';
const ARGS = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];

/** Runs `work` with a box in which agent 2001 is ready at station 1, and a browser with an empty cache where he is signed in. */
export async function withDesk(work) {
  await withBox({ spans: 1, stations: 2 }, async (box) => {
    await api(box, 'POST', 'setup', {
      code: box.setupCode,
      username: 'admin',
      password: PASSWORD,
      language: 'en',
    });
    await api(box, 'POST', 'users', {
      username: 'agent',
      password: PASSWORD,
      role: 'agent',
      agentId: '2001',
      language: 'en',
    });
    const answer = await fetch(`${box.url}api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'agent', password: PASSWORD }),
    });
    const { token } = await answer.json();
    await signIn(box, [1]);
    const profile = mkdtempSync(join(tmpdir(), 'cordboard-chromium-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: '/usr/bin/chromium',
      args: ARGS,
      viewport: { width: 1280, height: 720 },
    });
    try {
      const page = context.pages()[0] ?? (await context.newPage());
      await page.addInitScript(`localStorage.setItem('cordboard.token', ${JSON.stringify(token)})`);
      await work({ box, page, origin: new URL(box.url).origin });
    } finally {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    }
  });
}
