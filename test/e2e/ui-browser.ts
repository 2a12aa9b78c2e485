// Debian's browser for the tests of the pages: a fresh profile each time, and notes of whatever a page must not do.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  // a microphone that beeps, and nobody who has to allow it
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

const fakeMicrophone = (wav: string): string[] => [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  `--use-file-for-fake-audio-capture=${wav}`,
];

/**
 * Keeps what goes to the loudspeaker, and takes the microphone as it is: what a browser does for its sound would be measured
 * otherwise. Text, because these tests know no DOM.
 */
const TAP = `
  window.heardHere = [];
  window.taps = [];
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode && this instanceof AudioWorkletNode) {
      const tap = this.context.createScriptProcessor(1024, 1, 1);
      tap.onaudioprocess = ({ inputBuffer }) => window.heardHere.push(...inputBuffer.getChannelData(0));
      connect.call(this, tap);
      connect.call(tap, to);
      window.taps.push(tap);
    }
    return connect.call(this, to, ...rest);
  };
  const devices = navigator.mediaDevices;
  const getUserMedia = devices && devices.getUserMedia.bind(devices);
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  if (devices) devices.getUserMedia = () => getUserMedia({ audio: plain });
`;

/** What the page has played of the lines since the last time it was asked, 8 kHz, in the scale of 16 bits. */
export async function heardIn(page: Page): Promise<Float64Array> {
  return Float64Array.from(await page.evaluate<number[]>('window.heardHere.splice(0)'), (sample) => sample * 32_768);
}

export interface Browser {
  page: Page;
  /** Errors and warnings on the console, faults of scripts, requests to anybody but the box. */
  complaints: string[];
  close(): Promise<void>;
}

/**
 * `origin`: of the box, such as http://127.0.0.1:8080. `microphone`: a WAV that is said into it again and again; what the pages
 * play can then be read by `heardIn`. `program`: in place of Chromium, to run it elsewhere.
 */
export async function openBrowser(
  origin: string,
  locale: string,
  { microphone, program = CHROMIUM }: { microphone?: string | undefined; program?: string | undefined } = {},
): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: apt-get install chromium fonts-noto-cjk`);
  const profile = mkdtempSync(join(tmpdir(), 'cordboard-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: program,
    args: [
      ...ARGS,
      ...(microphone === undefined ? [] : fakeMicrophone(microphone)),
      // from elsewhere a page is given a microphone without https
      ...(program === CHROMIUM ? [] : [`--unsafely-treat-insecure-origin-as-secure=${origin}`]),
    ],
    ...(microphone === undefined ? {} : { permissions: ['microphone'] }),
    locale,
    // of the box's own making, signed by nobody
    ignoreHTTPSErrors: origin.startsWith('https:'),
    viewport: { width: 1280, height: 720 },
    // As somebody asks for whom movement is no help: what is on its way nobody has to wait for, and every frame of it costs.
    reducedMotion: 'reduce',
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(45_000);
  if (microphone !== undefined) await page.addInitScript(TAP);

  const complaints: string[] = [];
  page.on('console', (message) => {
    // of the tap above, not of a page
    if (message.text().startsWith('The ScriptProcessorNode is deprecated')) return;
    // a page that is left while it connects; one that cannot connect says another thing
    if (message.text().endsWith('WebSocket is closed before the connection is established.')) return;
    if (['error', 'warning'].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(blob|data|about):/.test(url)) complaints.push(`foreign request: ${url}`);
  });
  page.on('websocket', (socket) => {
    if (!socket.url().startsWith(`${origin.replace(/^http/, 'ws')}/`))
      complaints.push(`foreign socket: ${socket.url()}`);
  });

  return {
    page,
    complaints,
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
