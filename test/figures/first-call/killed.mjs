// kill -9 of the service at a random moment of a call, thirty times, on one and the same data folder.
import { fork, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stereoAlaw } from '../wav.mjs';

const ROUNDS = Number(process.env.FIGURES_KILLS ?? 30);
const LONGEST_CALL_MS = 5000;
const PATIENCE_MS = 30_000;
const CHILD = new URL('box-child.mjs', import.meta.url).pathname;

export async function killed(report) {
  const home = mkdtempSync(join(tmpdir(), 'cordboard-kill-'));
  const tally = { clean: 0, broken: 0, free: 0, recorded: 0, lostMs: [], backMs: [], phases: new Map() };
  try {
    let box = await Child.start(home);
    await box.signIn();
    for (let round = 0; round < ROUNDS; round += 1) {
      const outcome = await killOnce(box, home);
      box = outcome.box;
      tally.clean += outcome.clean ? 1 : 0;
      tally.broken += outcome.broken ? 1 : 0;
      tally.free += outcome.free ? 1 : 0;
      tally.backMs.push(outcome.backMs);
      tally.phases.set(outcome.phase, (tally.phases.get(outcome.phase) ?? 0) + 1);
      if (outcome.lostMs !== undefined) {
        tally.recorded += 1;
        tally.lostMs.push(outcome.lostMs);
      }
    }
    await box.kill();
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  report.note(`killed while ${[...tally.phases].map(([phase, times]) => `${phase} (${times})`).join(', ')}`);
  report.add('killedRounds', ROUNDS, 'times');
  report.add('databaseCleanAfterKill', tally.clean, 'times', ROUNDS);
  report.add('callMarkedBroken', tally.broken, 'times', ROUNDS);
  report.add('timeslotsFreeAfterKill', tally.free, 'times', ROUNDS);
  report.add('recordingsCutOff', tally.recorded, 'files');
  report.add('recordingLostAtMost', Math.max(0, ...tally.lostMs), 'ms', 2000, 'most');
  report.add('backAfterKillAtMost', Math.max(...tally.backMs), 'ms', 10_000, 'most');
}

/** One call, killed at a random moment of it; then the box that came back looks at what is left. */
async function killOnce(box, home) {
  const seized = box.next('call.segment', ({ kind }) => kind === 'seized');
  await box.ask('exchange.place', {
    ...{ calledNumber: '95001', callingNumber: '13800138000', digits: '1', digitsAfterMs: 700, talkMs: 60_000 },
  });
  const { callId } = await seized;
  await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_CALL_MS)); // the random moment itself
  const phase = box.phaseOf(callId);
  const killedAt = Date.now();
  await box.kill();
  const check = spawnSync(process.execPath, ['--input-type=module', '-e', CHECK, join(home, 'cordboard.sqlite')]);
  const begun = performance.now();
  const back = await Child.start(home);
  const backMs = performance.now() - begun;
  const call = await back.ask('db.calls.find', callId);
  const recording = await back.ask('db.recordings.findByCall', callId);
  const spans = await back.ask('trunks.list');
  let lostMs;
  if (recording !== null && recording.state !== 'failed') {
    // What the caller could have heard or said since the file was begun, less what can be played.
    const played = stereoAlaw(join(home, 'recordings', recording.path)).left.length / 8;
    lostMs = killedAt - recording.startedAt - played;
  }
  return {
    ...{ box: back, backMs, phase, lostMs },
    clean: check.status === 0 && check.stdout.toString().trim() === 'ok',
    broken: call?.state === 'broken',
    free: spans.every(({ timeslots }) => timeslots.every(({ busy }) => !busy)),
  };
}

/** Opens the database read-only, as anybody could, before the service has seen it. */
const CHECK = `
import sqlite3 from 'sqlite3';
const db = new sqlite3.Database(process.argv.at(-1), sqlite3.OPEN_READWRITE, (error) => {
  if (error) throw error;
  db.get('PRAGMA integrity_check', (failed, row) => { if (failed) throw failed; console.log(row.integrity_check); });
});`;

class Child {
  #process;
  #waiting = new Map();
  #listeners = new Set();
  #phases = new Map();
  #lastId = 0;

  static async start(home) {
    const child = new Child(home);
    await child.next('ready');
    const behaviour = { answer: true, answerAfterMs: 600, play: 'welcome', hangUpAfterMs: null, hangUpOnTone: true };
    await child.ask('exchange.setBehaviour', 1, behaviour);
    return child;
  }

  constructor(home) {
    const env = {
      ...process.env,
      CORDBOARD_HTTP_PORT: '0',
      CORDBOARD_SIP_PORT: '0',
      CORDBOARD_SIPS_PORT: '0',
      CORDBOARD_LANGUAGE: 'en',
      CORDBOARD_VIRTUAL_STATIONS: '1',
    };
    this.#process = fork(CHILD, [home], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#process.on('message', (message) => this.#take(message));
  }

  #take({ re, ok, error, event, data }) {
    if (re !== undefined) {
      const { resolve, reject } = this.#waiting.get(re);
      this.#waiting.delete(re);
      if (error === undefined) resolve(ok ?? null);
      else reject(new Error(error));
      return;
    }
    if (event === 'call.updated') this.#phases.set(data.id, data.phase);
    for (const listener of [...this.#listeners]) listener(event, data);
  }

  next(wanted, fits = () => true) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${wanted} in ${PATIENCE_MS} ms`)), PATIENCE_MS);
      const listener = (event, data) => {
        if (event !== wanted || !fits(data)) return;
        clearTimeout(timer);
        this.#listeners.delete(listener);
        resolve(data);
      };
      this.#listeners.add(listener);
    });
  }

  ask(path, ...args) {
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#process.send({ id, path, args });
    });
  }

  phaseOf(callId) {
    return this.#phases.get(callId) ?? 'arriving';
  }

  async signIn() {
    const ready = this.next('agent.updated', ({ state }) => state === 'ready');
    await this.ask('exchange.lift', 1);
    await this.ask('exchange.dial', 1, '*112001#');
    await ready;
  }

  async kill() {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await gone;
  }
}
