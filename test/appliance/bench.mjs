// What the cases of the image have in common: boxes with disks of their own, one that is set up and kept as it runs, calls.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';

import { inRoot } from '../../install/lib/paths.mjs';
import { Api } from './api.mjs';
import { DiskHistory, copyDisk } from './disk-history.mjs';
import { Box, freePort, newDisk } from './machine.mjs';

export const WORK = 'build/image-test';
const DISK_BYTES = 4 * 2 ** 30;
/** JavaScript runs thirty times slower there, and other work may go before it. */
export const BOOT_MS = 60_000 * Number(process.env.CORDBOARD_IMAGE_PATIENCE ?? 60);
export const WORK_MS = BOOT_MS / 3;
export const CODE = /Set-up code: ([A-Z0-9]{4}(?:-[A-Z0-9]{4}){2})/;
/** of the box that is set up */
export const NAME = 'Box of the test';

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const check = (good, what) => {
  if (!good) throw new Error(what);
};

export class Bench {
  figures = {};
  #boxes = new Set();

  /**
   * @param {{ versions: { image: string, bundle: string }, out: NodeJS.WriteStream, cuts: number, boots: number, seed: number }} options `cuts`:
   *   moments of each run that the power is cut at; `boots`: how many of these are booted in the machine
   */
  constructor(options) {
    Object.assign(this, options);
  }

  async run(name, work) {
    const began = performance.now();
    const seconds = () => Math.round((performance.now() - began) / 100) / 10;
    // Each case has numbers of its own, whichever ran before it.
    this.random = randomOf([...name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), this.seed));
    this.out.write(`${name} …\n`);
    try {
      await work(this);
      this.out.write(`  passed: ${name} (${seconds()} s under emulation)\n`);
      return { name, seconds: seconds() };
    } catch (error) {
      this.out.write(`  FAILED: ${name} (${seconds()} s): ${error.message}\n`);
      return { name, seconds: seconds(), error: error.message };
    } finally {
      await this.end();
    }
  }

  say(text) {
    this.out.write(`    ${text}\n`);
  }

  at(name) {
    return inRoot(WORK, name);
  }

  /** The image, written to a disk. */
  freshDisk(file) {
    newDisk(this.versions.image, file, DISK_BYTES);
  }

  /** A box whose power is off. `disk`: undefined: a fresh one, with the image written to it. */
  async box(name, { disk, ...more } = {}) {
    const file = disk ?? this.at(`${name}.disk`);
    if (disk === undefined) this.freshDisk(file);
    for (const end of ['vars', 'log']) rmSync(this.at(`${name}.${end}`), { force: true });
    const log = (text) => appendFileSync(this.at(`${name}.log`), text);
    const machine = new Box({ disk: file, variables: this.at(`${name}.vars`), port: await freePort(), log, ...more });
    const made = { name, machine, api: new Api(machine.url), disk: file };
    this.#boxes.add(made);
    return made;
  }

  /** Switches on and waits until pages are given; seconds that took. */
  async boot(box, what, options) {
    const { machine, api, name } = box;
    const began = performance.now();
    if (!machine.running) box.history = await machine.on(options);
    await api.until(() => api.request('GET', '/setup'), BOOT_MS, `${name} does not answer`);
    const seconds = Math.round((performance.now() - began) / 1000);
    const spent = machine.processorSeconds;
    this.figures[`${name} ${what}`] = seconds;
    this.figures[`${name} processor`] ??= spent;
    this.say(`${name} ${what}: answers after ${seconds} s, ${spent} s of a processor, under emulation`);
    return seconds;
  }

  /** The wizard: administrator, name, time zone; and a call. */
  async setUp({ machine, api, ...box }) {
    const [, code] = await machine.heard(CODE, WORK_MS);
    await api.setUp(code);
    await api.request('PUT', '/settings', { changes: { 'organisation.name': NAME, timeZone: 'Asia/Shanghai' } });
    return call({ api, ...box });
  }

  /** A box that is set up and has taken a call, as it was kept; from its first boot where that has not been. `history`: of its disk, by name. */
  async ready(name, { history } = {}) {
    if (!this.kept('configured')) await this.firstBoot();
    const box = await this.thaw('configured', name, history);
    check((await nameOf(box)) === NAME, 'it is not the box that was kept');
    return box;
  }

  async thaw(kept, name, history) {
    copyDisk(this.at(`${kept}.disk`), this.at(`${name}.disk`));
    const box = await this.box(name, { disk: this.at(`${name}.disk`) });
    const file = history === undefined ? undefined : this.at(`${history}.history`);
    box.history = await box.machine.on({ from: this.at(`${kept}.state`), history: file });
    box.api.token = JSON.parse(readFileSync(this.at(`${kept}.json`), 'utf8')).token;
    const began = performance.now();
    await box.api.until(
      () => box.api.request('GET', '/system').catch(() => box.api.signIn().then(() => true)),
      WORK_MS,
      `${name} does not go on`,
    );
    this.say(`${name}: goes on after ${Math.round((performance.now() - began) / 1000)} s`);
    return box;
  }

  /** Is there one, of this image? */
  kept(name) {
    const file = this.at(`${name}.json`);
    if (!existsSync(file) || !existsSync(this.at(`${name}.state`))) return false;
    return JSON.parse(readFileSync(file, 'utf8')).image === this.#imageMark();
  }

  #imageMark() {
    const { size, mtimeMs } = statSync(this.versions.image);
    return `${size} ${mtimeMs}`;
  }

  /** Keeps a running box; it is ended. */
  async keep(box, name) {
    const disk = this.at(`${name}.disk`);
    rmSync(this.at(`${name}.json`), { force: true });
    await box.machine.keep(this.at(`${name}.state`));
    if (disk !== box.disk) copyDisk(box.disk, disk);
    const { token } = box.api;
    writeFileSync(this.at(`${name}.json`), JSON.stringify({ image: this.#imageMark(), token }));
  }

  /** BIOS: from power to wizard, administrator and settings by HTTP, a call; the running box is kept, and its disk's history. */
  async firstBoot() {
    const box = await this.box('first-boot');
    await this.boot(box, 'first boot', { history: this.at('first-boot.history') });
    box.history.mark('answers');
    const page = await (await fetch(`${box.machine.url}/`)).text();
    check(/<div id="app">/.test(page), 'the pages are not given');
    check(/Open http:\/\/10\.0\.2\.15\//.test(box.machine.console), 'the console does not tell the address');
    await this.setUp(box);
    box.history.mark('configured');
    check((await nameOf(box)) === NAME, 'the setting was not kept');
    this.keepHistory(box);
    // What others have begun with stays as it is: their histories are of that disk.
    if (!this.kept('configured')) await this.keep(box, 'configured');
  }

  keepHistory({ history }) {
    history.save(this.#imageMark());
  }

  /** A history that an earlier run with this image has left; undefined: there is none. */
  history(name) {
    return DiskHistory.load(this.at(`${name}.history`), this.#imageMark());
  }

  /** Switches every box off, and frees what its disk took; what was kept stays. */
  async end() {
    for (const box of this.#boxes) {
      await box.machine.forget();
      if (!existsSync(this.at(`${box.name}.json`))) rmSync(box.disk, { force: true });
    }
    this.#boxes.clear();
  }
}

export async function nameOf({ api }) {
  const { settings } = await api.request('GET', '/settings');
  return settings.find(({ path }) => path === 'organisation.name')?.value;
}

export const prepareWork = () => mkdirSync(inRoot(WORK), { recursive: true });

/** The simulator's exchange calls the box over its E1; the exchange's call, once it is answered. */
export async function call({ api }, talkMs = 4000) {
  const placed = await api.until(
    () =>
      api.request('POST', '/exchange/calls', {
        calledNumber: '95001',
        callingNumber: '13800138000',
        hangUpAfterMs: talkMs,
      }),
    WORK_MS,
    'no call can be placed',
  );
  return api.until(
    async () => {
      const now = await api.request('GET', `/exchange/calls/${placed.id}`);
      if (now.state === 'released' && now.answeredAt === null) throw new Error(`released with cause ${now.cause}`);
      return now.answeredAt !== null && now;
    },
    WORK_MS,
    'the call is not answered',
  );
}

export const storedCalls = async ({ api }) => (await api.request('GET', '/calls?limit=500')).calls;

/** What the box says of its updates, once that fits; an update ends the session. */
export async function updatesWhen({ api }, fits, limitMs, what) {
  return api.until(
    async () => {
      const state = await api.request('GET', '/updates').catch(async () => {
        await api.signIn();
        return api.request('GET', '/updates');
      });
      return fits(state) && state;
    },
    limitMs,
    what,
  );
}

/** Waits until `version` runs and its trial, if any, is over. */
export const settled = (box, version) =>
  updatesWhen(
    box,
    (state) => (version === undefined || state.version === version) && !state.onTrial,
    2 * BOOT_MS,
    `version ${version ?? 'of any number'} does not come`,
  );

export async function update({ api }, file) {
  await api.bring(file);
  await api.request('POST', '/updates', { source: 'upload', restartWithinMinutes: 1 });
}
