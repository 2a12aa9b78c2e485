// Cases of the image in which nobody cuts the power: boots, updates and what is refused. Each can be asked for alone.
import { secretsOf } from './disks.mjs';
import { NAME, WORK_MS, call, check, nameOf, settled, sleep, storedCalls, update, updatesWhen } from './bench.mjs';
import { FIRST, SECOND, badBundles, bootsThatPanic, failsItsTrial } from './versions.mjs';

/** The last word on an update, once it is `state`. */
const ended = (box, state) =>
  updatesWhen(box, ({ last }) => last?.state === state, 6 * WORK_MS, `the box does not say ${state}`);

export const CASES = {
  /** BIOS: from power to wizard, administrator and settings by HTTP, a call. What is kept of it the other cases begin with. */
  bios: (bench) => bench.firstBoot(),

  /** UEFI: to the wizard, a call; and what it has for itself is not what the other box has. */
  async uefi(bench) {
    const box = await bench.box('uefi', { firmware: 'uefi' });
    await bench.boot(box, 'first boot');
    check(!/Cordboard, slot b/.test(box.machine.console), 'it booted the empty slot');
    await bench.setUp(box);
    // What it made is on the disk before anybody is told of it: the power may go now.
    await box.machine.cut(bench.random);
    const own = secretsOf(box.disk);
    if (!bench.kept('configured')) await bench.firstBoot();
    const other = secretsOf(bench.at('configured.disk'));
    check(own.size >= 5, `only ${[...own.keys()]} were found`);
    let shared = 0;
    for (const [name, secret] of own) {
      check(secret !== '', `${name} is empty`);
      if (other.get(name) === secret) shared += 1;
      check(other.has(name), `${name} is on one box alone`);
    }
    bench.figures['keys shared'] = shared;
    bench.say(`${own.size} secrets, ${shared} shared: ${[...own.keys()].join(', ')}`);
    check(shared === 0, 'two boxes share a key');
  },

  /** Refused with a reason; the version that runs goes on. */
  async refused(bench) {
    const box = await bench.ready('refused');
    let count = 0;
    for (const { what, file, says } of badBundles(bench.at('')).bad) {
      await update(box, file);
      const { last } = await updatesWhen(
        box,
        (now) => now.last?.state === 'refused' && says.test(now.last.text),
        6 * WORK_MS,
        `the update with ${what} is not refused`,
      );
      bench.say(`${what}: ${last.text}`);
      count += 1;
    }
    bench.figures['updates refused'] = count;
    const { version, slot, onTrial } = await box.api.request('GET', '/updates');
    check(version === FIRST && slot === 'a' && !onTrial, `version ${version} in slot ${slot} runs`);
    await call(box);
  },

  /** To the second version, whose database has another form; what was acknowledged meanwhile is noted in the disk's history. */
  async update(bench) {
    const box = await bench.ready('update', { history: 'update' });
    const { history } = box;
    const before = (await storedCalls(box)).map(({ id }) => id);
    const began = performance.now();
    const witness = new Witness(box);
    await box.api.bring(bench.versions.bundle);
    history.mark('brought');
    bench.say(`brought in ${Math.round((performance.now() - began) / 1000)} s`);
    await box.api.request('POST', '/updates', { source: 'upload', restartWithinMinutes: 1 });
    history.mark('asked');
    await box.machine.heard(/Cordboard, slot b/, 6 * WORK_MS);
    history.mark('trial');
    bench.say(`on trial after ${Math.round((performance.now() - began) / 1000)} s`);
    await witness.end();
    await box.api.until(() => box.api.request('GET', '/setup'), 6 * WORK_MS, 'it does not answer on trial');
    history.mark('answers');
    const state = await settled(box, SECOND);
    // The slot's word that it is good comes right before what the page is told.
    await ended(box, 'good');
    history.mark('good');
    bench.keepHistory(box);
    bench.figures.update = Math.round((performance.now() - began) / 1000);
    check(state.slot === 'b', `slot ${state.slot}`);
    const after = new Set((await storedCalls(box)).map(({ id }) => id));
    check(
      [...before, ...witness.calls].every((id) => after.has(id)),
      'calls are lost',
    );
    check((await nameOf(box)) === witness.name, 'a setting is lost');
    bench.say(
      `updated in ${bench.figures.update} s; ${after.size} calls and ${witness.settings} settings acknowledged, none lost`,
    );
    await bench.keep(box, 'updated');
  },

  async back(bench) {
    if (!bench.kept('updated')) await CASES.update(bench);
    const box = await bench.thaw('updated', 'back');
    const began = performance.now();
    await box.api.request('POST', '/updates', { source: 'back', restartWithinMinutes: 1 });
    const state = await settled(box, FIRST);
    await ended(box, 'good');
    bench.figures.back = Math.round((performance.now() - began) / 1000);
    check(state.slot === 'a', `slot ${state.slot}`);
    await call(box);
    bench.say(`back in ${bench.figures.back} s`);
  },

  /** Signed, and no root at all: the boot loader goes back by itself at once, and the box says so. */
  async hopeless(bench) {
    const box = await bench.ready('hopeless');
    await update(box, badBundles(bench.at('')).hopeless);
    const { last } = await ended(box, 'failed');
    const now = await box.api.request('GET', '/updates');
    check(now.version === FIRST && now.slot === 'a', `version ${now.version} in slot ${now.slot} runs`);
    check((await nameOf(box)) === NAME, 'a setting is lost');
    bench.say(last.text);
  },

  /** Signed and booted, and its service does not come up: it is judged, and the first version is back with the data as they were. */
  async 'failed-trial'(bench) {
    // Before the box goes on: its disk is served by this process, which stands still while the root is packed.
    const bundle = failsItsTrial(bench.at(''), bench.versions.image);
    const box = await bench.ready('failed-trial');
    const before = (await storedCalls(box)).map(({ id }) => id);
    await update(box, bundle);
    const { last } = await ended(box, 'failed');
    const boots = box.machine.console.match(/Cordboard, slot [ab]/g);
    check(boots.join() === ['Cordboard, slot b', 'Cordboard, slot a'].join(), boots.join());
    const now = await box.api.request('GET', '/updates');
    check(now.version === FIRST && now.slot === 'a', `version ${now.version} in slot ${now.slot} runs`);
    check((await nameOf(box)) === NAME, 'a setting is lost');
    const after = new Set((await storedCalls(box)).map(({ id }) => id));
    check(
      before.every((id) => after.has(id)),
      'calls are lost',
    );
    await call(box);
    bench.say(last.text);
  },

  /** Signed, and its kernel gives up each time: after the third boot the first version is back. */
  async 'three-boots'(bench) {
    const box = await bench.ready('three-boots');
    await update(box, bootsThatPanic(bench.at(''), bench.versions.image));
    const { last } = await ended(box, 'failed');
    const boots = box.machine.console.match(/Cordboard, slot [ab]/g);
    check(boots.join() === ['b', 'b', 'b', 'a'].map((slot) => `Cordboard, slot ${slot}`).join(), boots.join());
    const now = await box.api.request('GET', '/updates');
    check(now.version === FIRST && now.slot === 'a', `version ${now.version} in slot ${now.slot} runs`);
    bench.say(`${boots.join(', ')}: ${last.text}`);
  },
};

/** Changes a setting and places calls as long as the box takes them, and notes in the disk's history what it has acknowledged. */
export class Witness {
  settings = 0;
  name = NAME;
  calls = [];
  #going = true;
  #done;

  constructor(box) {
    this.box = box;
    this.#done = this.#go();
  }

  async #go() {
    for (let turn = 1; this.#going; turn += 1) {
      try {
        await this.#once(turn);
      } catch {
        // The box is being restarted: nothing was acknowledged.
      }
      if (this.#going) await sleep(3000);
    }
  }

  async #once(turn) {
    const { api, history } = this.box;
    const name = `Box ${turn}`;
    await api.request('PUT', '/settings', { changes: { 'organisation.name': name } }, 30_000);
    history.mark(`setting ${name}`);
    this.settings = turn;
    this.name = name;
    if (turn % 3 !== 1) return;
    await api.request('POST', '/exchange/calls', { calledNumber: '95001', hangUpAfterMs: 500 }, 30_000);
    for (const { id, state } of await storedCalls(this.box)) {
      if (state === 'live' || this.calls.includes(id)) continue;
      history.mark(`call ${id}`);
      this.calls.push(id);
    }
  }

  async end() {
    this.#going = false;
    await this.#done;
  }
}
