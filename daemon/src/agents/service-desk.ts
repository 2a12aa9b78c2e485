// What a telephone that is lifted dials: a service code is carried out here, a number is handed to call control.
//
//   lifted (dial tone by the engine) → digits → * code → carried out → prompt → released (busy tone until he hangs up)
//                                             ↘ unknown, refused or too slow → congestion tone → released
//                                             ↘ *11 of one who has a PIN: asked for, with a prompt → signed in
//                                             ↘ *66, *0: a number that is known → dial()
//                                             ↘ *8: a call that rings elsewhere is taken, or there is none: prompt → released
//                                             ↘ number, once nothing can follow, # or 4 s of silence → dial()
//
// A SIP phone sends all of it at once and goes the same ways.
import type { Agent, Language } from '../contract/index.js';
import type { EngineClient } from '../engine/index.js';
import type { DialPlan, LegOffered, Lines } from '../lines/index.js';
import { errorText, isAppError, type Clock, type Log, type Timer, type Unsubscribe } from '../platform/index.js';
import type { AgentBook } from './agent-book.js';
import type { PinDesk } from './pin-desk.js';
import { readServiceCode, type AgentCode, type DialCode, type ServiceCode } from './service-codes.js';

/** Silence after lifting, or between two keys of a code. */
const DIAL_LIMIT_MS = 15_000;
/** Silence after which a number counts as complete. */
const INTER_DIGIT_MS = 4000;
/** How long congestion tone sounds before the telephone is given up. */
const CONGESTION_MS = 10_000;
/** More than the longest code. */
const MOST_DIGITS = 40;
/** of the numbers that call control takes */
const LONGEST_NUMBER = 24;
const CAUSE_NORMAL = 16;
/** Q.850: invalid number format (address incomplete) */
const CAUSE_INVALID_NUMBER = 28;
const CAUSE_UNALLOCATED = 1;
/** Q.850: normal, unspecified; 480 to a SIP phone */
const CAUSE_NOTHING_RINGS = 31;
const CAUSE_TEMPORARY_FAILURE = 41;

export interface ServiceDeskOptions {
  engine: EngineClient;
  lines: Lines;
  agents: AgentBook;
  plan: DialPlan;
  /** takes the leg over, with the number that was dialled on it */
  dial: (offered: LegOffered, number: string) => void;
  /** gives the leg a call that rings at one of these telephones; false: there is none, and the leg stays here */
  pickUp: (offered: LegOffered, stations: readonly number[]) => boolean;
  /** gives the leg the call that is parked at this place; false: there is none, and the leg stays here */
  takeParked: (offered: LegOffered, slot: number) => boolean;
  pins: Pick<PinDesk, 'check'>;
  /** the number that a code stands for, dialled at this telephone; undefined: there is none */
  numberOf: (code: DialCode, station: number) => Promise<string | undefined>;
  /** empty: there is none */
  pickUpCode: string;
  /** the file of a prompt; undefined when there is none */
  findPrompt: (name: string, language: Language) => Promise<string | undefined>;
  /** of what is said to those who are not signed in */
  language: Language;
  clock: Clock;
  log: Log;
}

interface Dialling {
  offered: LegOffered;
  leg: number;
  port: number;
  station: number;
  digits: string;
  answered: boolean;
  /** a code is being carried out, or congestion sounds: further keys do nothing */
  done: boolean;
  timer: Timer | undefined;
  /** the prompt whose end ends the call */
  play: number | undefined;
  /** his PIN is being asked for */
  pin: { agentId: string; digits: string } | undefined;
}

export class ServiceDesk {
  readonly #options: ServiceDeskOptions;
  readonly #dialling = new Map<number, Dialling>();
  #offs: Unsubscribe[] = [];

  constructor(options: ServiceDeskOptions) {
    this.#options = options;
  }

  start(): void {
    const { engine, lines } = this.#options;
    this.#offs = [
      lines.events.on('leg.offered', (offered) => {
        // One that takes the place of another leg has dialled nothing.
        if (offered.origin.kind === 'station' && offered.replaces === undefined)
          this.#lifted(offered, offered.origin.station);
      }),
      lines.events.on('leg.digit', ({ leg, digit }) => this.#digit(leg, digit)),
      lines.events.on('leg.released', ({ leg }) => this.#forget(leg)),
      engine.events.on('play.ended', ({ play, reason }) => {
        for (const dialling of this.#dialling.values())
          if (dialling.play === play && reason === 'finished' && dialling.pin === undefined) this.#release(dialling);
      }),
    ];
  }

  stop(): void {
    for (const off of this.#offs) off();
    for (const dialling of this.#dialling.values()) this.#release(dialling);
  }

  #lifted(offered: LegOffered, station: number): void {
    const { leg, port, calledNumber, complete } = offered;
    if (complete && !calledNumber.startsWith('*')) return this.#options.dial(offered, calledNumber);
    const dialling: Dialling = {
      ...{ offered, leg, port, station },
      ...{ digits: '', answered: false, done: false, timer: undefined, play: undefined, pin: undefined },
    };
    this.#dialling.set(leg, dialling);
    if (!complete) return this.#limit(dialling, DIAL_LIMIT_MS);
    // Nothing follows: the # that ends a code may be left out.
    dialling.digits = calledNumber.endsWith('#') ? calledNumber : `${calledNumber}#`;
    this.#readCode(dialling);
  }

  #digit(leg: number, digit: string): void {
    const dialling = this.#dialling.get(leg);
    if (dialling?.pin !== undefined) return this.#pinKey(dialling, dialling.pin, digit);
    if (dialling === undefined || dialling.done) return;
    const { digits } = dialling;
    // * begins a code, whatever was dialled before.
    const inCode = digit === '*' || digits.startsWith('*');
    if (!inCode && digit === '#' && digits !== '') return this.#dial(dialling);
    if (!inCode && !/^[0-9]$/.test(digit)) return this.#refuse(dialling, `no number has ${digit}`);
    dialling.digits = inCode && !digits.startsWith('*') ? digit : digits + digit;
    if (inCode) this.#readCode(dialling);
    else this.#readNumber(dialling);
  }

  #readCode(dialling: Dialling): void {
    const { plan, pickUpCode } = this.#options;
    const reading = readServiceCode(dialling.digits, pickUpCode);
    if (reading.kind === 'unknown' || dialling.digits.length > MOST_DIGITS)
      return this.#refuse(dialling, 'no such code');
    if (reading.kind === 'code') return this.#begin(dialling, reading.code);
    const { asIs } = reading;
    if (asIs === undefined) return this.#limit(dialling, DIAL_LIMIT_MS);
    const mayGrow = plan.pickUp(asIs.number, dialling.station).then((reach) => reach.mayGrow);
    this.#endsBySilence(dialling, mayGrow, () => this.#begin(dialling, asIs));
  }

  #begin(dialling: Dialling, code: ServiceCode): void {
    dialling.done = true;
    dialling.timer?.cancel();
    if (code.verb === 'pickUp') void this.#pickUp(dialling, code.number);
    else if (code.verb === 'program') this.#dialProgram(dialling, code.number);
    else if (code.verb === 'take') void this.#take(dialling, code.slot);
    else if (code.verb === 'redial' || code.verb === 'speedDial') void this.#dialKnown(dialling, code);
    else void this.#carryOut(dialling, code);
  }

  #dialProgram(dialling: Dialling, number: string): void {
    this.#forget(dialling.leg);
    this.#options.dial(dialling.offered, number);
  }

  #readNumber(dialling: Dialling): void {
    const { digits, station } = dialling;
    if (digits.length >= LONGEST_NUMBER) return this.#dial(dialling);
    this.#endsBySilence(dialling, this.#options.plan.mayContinue(digits, { station }), () => this.#dial(dialling));
  }

  /** What was dialled so far ends with a pause, or at once when nothing can follow. */
  #endsBySilence(dialling: Dialling, mayGrow: Promise<boolean>, end: () => void): void {
    const { clock, log } = this.#options;
    const { digits, station } = dialling;
    dialling.timer?.cancel();
    dialling.timer = clock.after(INTER_DIGIT_MS, end);
    mayGrow.then(
      (may) => {
        // He may have dialled on, or hung up, while the plan was asked.
        const now = this.#dialling.get(dialling.leg);
        if (!may && now === dialling && !dialling.done && dialling.digits === digits) end();
      },
      (error: unknown) =>
        log.warn({ err: error, station }, 'the dial plan does not answer; the number ends with a pause'),
    );
  }

  #dial(dialling: Dialling): void {
    this.#forget(dialling.leg);
    this.#options.dial(dialling.offered, dialling.digits);
  }

  #limit(dialling: Dialling, limitMs: number): void {
    dialling.timer?.cancel();
    dialling.timer = this.#options.clock.after(limitMs, () => this.#refuse(dialling, 'nothing more was dialled'));
  }

  /** Never rejects. */
  async #pickUp(dialling: Dialling, number: string): Promise<void> {
    const { plan, pickUp, log } = this.#options;
    const { offered, leg, station } = dialling;
    const there = (): boolean => this.#dialling.get(leg) === dialling;
    try {
      const { stations } = await plan.pickUp(number, station);
      // He may have hung up meanwhile.
      if (!there()) return;
      if (stations === undefined)
        return await this.#nothingRings(dialling, CAUSE_UNALLOCATED, `nobody has the number ${number}`);
      if (pickUp(offered, stations)) return this.#forget(leg);
      const where = number === '' ? 'in a ring group of the telephone' : `at ${number}`;
      await this.#nothingRings(dialling, CAUSE_NOTHING_RINGS, `nothing rings ${where}`);
    } catch (error) {
      log.error({ err: error, station, number }, `a call was not picked up: ${errorText(error)}`);
      if (there()) this.#release(dialling, CAUSE_TEMPORARY_FAILURE);
    }
  }

  async #take(dialling: Dialling, slot: number): Promise<void> {
    if (this.#options.takeParked(dialling.offered, slot)) return this.#forget(dialling.leg);
    await this.#nothingRings(dialling, CAUSE_NOTHING_RINGS, `nobody is parked at ${slot}`);
  }

  /** Never rejects. */
  async #dialKnown(dialling: Dialling, code: DialCode): Promise<void> {
    const { numberOf, dial, log } = this.#options;
    const { offered, leg, station } = dialling;
    try {
      const number = await numberOf(code, station);
      // He may have hung up meanwhile.
      if (this.#dialling.get(leg) !== dialling) return;
      if (number === undefined)
        return await this.#nothingRings(dialling, CAUSE_UNALLOCATED, 'no number is known', 'no-number-known');
      this.#forget(leg);
      dial(offered, number);
    } catch (error) {
      log.error({ err: error, station }, `a known number was not dialled: ${errorText(error)}`);
      if (this.#dialling.get(leg) === dialling) this.#release(dialling, CAUSE_TEMPORARY_FAILURE);
    }
  }

  /** A phone that has sent all at once is told why; to others it is said. */
  async #nothingRings(dialling: Dialling, cause: number, why: string, prompt = 'nothing-to-pick-up'): Promise<void> {
    const { log, language } = this.#options;
    const { offered, leg, station } = dialling;
    log.info({ station, leg, why }, 'no call is picked up');
    if (offered.complete) return this.#release(dialling, cause, why);
    await this.#try(dialling, 'answer');
    dialling.answered = true;
    await this.#say(dialling, prompt, language);
  }

  async #carryOut(dialling: Dialling, code: AgentCode): Promise<void> {
    const { agents, log } = this.#options;
    const { station } = dialling;
    // From here the telephone is not dialling: the engine takes the dial tone away for good.
    if (!dialling.answered) await this.#try(dialling, 'answer');
    dialling.answered = true;
    const agent = code.verb === 'signIn' ? agents.find(code.agentId) : agents.atStation(station);
    if (agent === undefined) {
      if (code.verb === 'signIn') return this.#refuse(dialling, `there is no agent ${code.agentId}`);
      return this.#say(dialling, 'not-signed-in', this.#options.language);
    }
    try {
      if (code.verb === 'signIn' && !(await this.#pinIsRight(dialling, agent, code.pin))) return;
      await this.#perform(code, agent.id, station);
    } catch (error) {
      if (!isAppError(error)) log.error({ err: error, station, agentId: agent.id }, 'a service code failed');
      return this.#refuse(dialling, errorText(error));
    }
    const prompts = {
      signIn: 'agent-signed-in',
      signOut: 'agent-signed-out',
      ready: 'agent-ready',
      notReady: 'agent-not-ready',
    };
    await this.#say(dialling, prompts[code.verb], agent.language);
  }

  /** false: it is asked for now, or he was told that he does not come in. */
  async #pinIsRight(dialling: Dialling, { id, language }: Agent, pin: string | undefined): Promise<boolean> {
    const { pins, engine, log } = this.#options;
    const { station, port, leg } = dialling;
    const verdict = await pins.check(id, pin, station);
    if (verdict === 'right') return true;
    if (!this.#dialling.has(leg)) return false;
    if (verdict === 'needed') {
      await engine.command('detector.set', { port, dtmf: true });
      dialling.pin = { agentId: id, digits: '' };
      this.#limit(dialling, DIAL_LIMIT_MS);
      await this.#say(dialling, 'enter-pin', language);
      return false;
    }
    log.warn({ station, agentId: id, verdict }, 'a PIN was not right');
    await this.#say(dialling, verdict === 'locked' ? 'sign-in-locked' : 'wrong-number-or-pin', language);
    return false;
  }

  /** # ends the PIN, * begins it anew; the prompt that asks for it ends with the first key. */
  #pinKey(dialling: Dialling, pin: { agentId: string; digits: string }, digit: string): void {
    const { engine, log } = this.#options;
    const { play } = dialling;
    dialling.play = undefined;
    if (play !== undefined)
      engine.command('play.stop', { play }).catch((error: unknown) => log.debug({ err: error }, 'a prompt had ended'));
    if (digit === '#') {
      dialling.pin = undefined;
      dialling.timer?.cancel();
      return void this.#carryOut(dialling, { verb: 'signIn', ...pin, pin: pin.digits });
    }
    if (digit !== '*' && !/^[0-9]$/.test(digit)) return;
    pin.digits = digit === '*' ? '' : (pin.digits + digit).slice(0, MOST_DIGITS);
    this.#limit(dialling, DIAL_LIMIT_MS);
  }

  async #perform(code: AgentCode, agentId: string, station: number): Promise<void> {
    const { agents } = this.#options;
    switch (code.verb) {
      case 'signIn':
        return agents.signIn(agentId, station);
      case 'signOut':
        return agents.signOut(agentId);
      case 'ready':
        return agents.ready(agentId);
      case 'notReady':
        return agents.notReady(agentId, code.reason === '' ? null : code.reason);
    }
  }

  /** Says a prompt, then releases; without the prompt it releases at once. */
  async #say(dialling: Dialling, name: string, language: Language): Promise<void> {
    const file = await this.#options.findPrompt(name, language);
    if (!this.#dialling.has(dialling.leg)) return;
    if (file === undefined && dialling.pin !== undefined) return;
    if (file === undefined) {
      this.#options.log.warn({ prompt: name, station: dialling.station }, 'there is no such prompt; it is left out');
      return this.#release(dialling);
    }
    try {
      const { play } = await this.#options.engine.command('play.start', { port: dialling.port, files: [file] });
      dialling.play = play;
    } catch (error) {
      this.#options.log.warn({ err: error, station: dialling.station, file }, 'a prompt could not be played');
      this.#release(dialling);
    }
  }

  #refuse(dialling: Dialling, why: string): void {
    const { engine, log, clock } = this.#options;
    const { station, port, leg, offered, answered } = dialling;
    if (!this.#dialling.has(leg)) return;
    log.info({ station, leg, why }, 'what a telephone dialled is refused');
    dialling.done = true;
    dialling.timer?.cancel();
    // A phone that has sent all at once says by itself what is wrong.
    if (offered.complete && !answered) return this.#release(dialling, CAUSE_INVALID_NUMBER);
    dialling.timer = clock.after(CONGESTION_MS, () => this.#release(dialling));
    engine
      .command('tone.start', { port, tone: 'congestion' })
      .catch((error: unknown) => log.warn({ err: error, station, leg }, 'congestion tone did not start'));
  }

  #release(dialling: Dialling, cause = CAUSE_NORMAL, text?: string): void {
    dialling.timer?.cancel();
    void this.#try(dialling, 'release', cause, text);
  }

  /** What fails here fails because he has hung up at this moment. */
  async #try(
    { leg, station }: Dialling,
    what: 'answer' | 'release',
    cause = CAUSE_NORMAL,
    text?: string,
  ): Promise<void> {
    const { lines, log } = this.#options;
    const done = what === 'answer' ? lines.answer(leg) : lines.release(leg, cause, text);
    await done.catch((error: unknown) => log.debug({ err: error, station, leg }, `${what} came too late`));
  }

  #forget(leg: number): void {
    this.#dialling.get(leg)?.timer?.cancel();
    this.#dialling.delete(leg);
  }
}
