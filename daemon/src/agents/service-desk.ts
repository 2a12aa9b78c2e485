// What an agent does with a lifted telephone: dial a service code, hear what came of it.
//
//   lifted (dial tone by the engine) → digits → code carried out → prompt → released (busy tone until he hangs up)
//                                            ↘ unknown, refused or too slow → congestion tone → released
import type { Language } from '../contract/index.js';
import { isStation, type EngineClient, type LegOffered } from '../engine/index.js';
import { errorText, isAppError, type Clock, type Log, type Timer, type Unsubscribe } from '../platform/index.js';
import type { AgentBook } from './agent-book.js';
import { readServiceCode, type ServiceCode } from './service-codes.js';

/** Silence after lifting, or between two keys. */
const DIAL_LIMIT_MS = 15_000;
/** How long congestion tone sounds before the telephone is given up. */
const CONGESTION_MS = 10_000;
/** More than the longest code. */
const MOST_DIGITS = 40;
const CAUSE_NORMAL = 16;

export interface ServiceDeskOptions {
  engine: EngineClient;
  agents: AgentBook;
  /** the file of a prompt; undefined when there is none */
  findPrompt: (name: string, language: Language) => Promise<string | undefined>;
  /** of what is said to those who are not signed in */
  language: Language;
  clock: Clock;
  log: Log;
}

interface Dialling {
  leg: number;
  port: number;
  station: number;
  digits: string;
  /** a code is being carried out, or congestion sounds: further keys do nothing */
  done: boolean;
  timer: Timer | undefined;
  /** the prompt whose end ends the call */
  play: number | undefined;
}

export class ServiceDesk {
  readonly #options: ServiceDeskOptions;
  readonly #dialling = new Map<number, Dialling>();
  #offs: Unsubscribe[] = [];

  constructor(options: ServiceDeskOptions) {
    this.#options = options;
  }

  start(): void {
    const { events } = this.#options.engine;
    this.#offs = [
      events.on('leg.offered', (offered) => {
        if (offered.kind === 'station' && isStation(offered.analog)) this.#lifted(offered);
      }),
      events.on('leg.digit', ({ leg, digit }) => this.#digit(leg, digit)),
      events.on('play.ended', ({ play, reason }) => {
        for (const dialling of this.#dialling.values())
          if (dialling.play === play && reason === 'finished') this.#release(dialling);
      }),
      events.on('leg.released', ({ leg }) => {
        this.#dialling.get(leg)?.timer?.cancel();
        this.#dialling.delete(leg);
      }),
    ];
  }

  stop(): void {
    for (const off of this.#offs) off();
    for (const dialling of this.#dialling.values()) this.#release(dialling);
  }

  #lifted({ leg, port, analog: station }: LegOffered): void {
    const dialling: Dialling = { leg, port, station, digits: '', done: false, timer: undefined, play: undefined };
    this.#dialling.set(leg, dialling);
    this.#limit(dialling);
  }

  #digit(leg: number, digit: string): void {
    const dialling = this.#dialling.get(leg);
    if (dialling === undefined || dialling.done) return;
    dialling.digits += digit;
    const reading = readServiceCode(dialling.digits);
    if (reading.kind === 'unknown' || dialling.digits.length > MOST_DIGITS)
      return this.#refuse(dialling, 'no such code');
    this.#limit(dialling);
    if (reading.kind === 'open') return;
    dialling.done = true;
    dialling.timer?.cancel();
    void this.#carryOut(dialling, reading.code);
  }

  #limit(dialling: Dialling): void {
    dialling.timer?.cancel();
    dialling.timer = this.#options.clock.after(DIAL_LIMIT_MS, () => this.#refuse(dialling, 'nothing more was dialled'));
  }

  async #carryOut(dialling: Dialling, code: ServiceCode): Promise<void> {
    const { agents, log } = this.#options;
    const { station } = dialling;
    // From here the telephone is not dialling: the engine takes the dial tone away for good.
    await this.#command(dialling, 'leg.answer');
    const agent = code.verb === 'signIn' ? agents.find(code.agentId) : agents.atStation(station);
    if (agent === undefined) {
      if (code.verb === 'signIn') return this.#refuse(dialling, `there is no agent ${code.agentId}`);
      return this.#say(dialling, 'not-signed-in', this.#options.language);
    }
    try {
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

  async #perform(code: ServiceCode, agentId: string, station: number): Promise<void> {
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
    const { station, port, leg } = dialling;
    if (!this.#dialling.has(leg)) return;
    log.info({ station, leg, why }, 'congestion tone for a telephone');
    dialling.done = true;
    dialling.timer?.cancel();
    dialling.timer = clock.after(CONGESTION_MS, () => this.#release(dialling));
    engine
      .command('tone.start', { port, tone: 'congestion' })
      .catch((error: unknown) => log.warn({ err: error, station, leg }, 'congestion tone did not start'));
  }

  #release(dialling: Dialling): void {
    dialling.timer?.cancel();
    void this.#command(dialling, 'leg.release');
  }

  /** What fails here fails because he has hung up at this moment. */
  async #command({ leg, station }: Dialling, command: 'leg.answer' | 'leg.release'): Promise<void> {
    const { engine, log } = this.#options;
    const done =
      command === 'leg.answer'
        ? engine.command(command, { leg })
        : engine.command(command, { leg, cause: CAUSE_NORMAL });
    await done.catch((error: unknown) => log.debug({ err: error, station, leg }, `${command} came too late`));
  }
}
