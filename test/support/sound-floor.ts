// A box on whose wires everybody sounds a tone of his own: who hears whom is read off what comes out at each end. Telephones and callers
// of the virtual card are listened to at the far end of their cables, SIP telephones at their own.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalApi } from '../../daemon/src/cli/local-api.js';
import type { Call, CallAction, SuperviseAction } from '../../daemon/src/contract/index.js';
import type { SegmentRow } from '../../daemon/src/db/index.js';
import { startBox as startCompiledBox } from '../../daemon/dist/main.js';
import type { Box } from '../../daemon/src/main.js';
import {
  callIn,
  nothingLeaks,
  phase,
  startTestBox,
  storedCall,
  waitFor,
  whileRunning,
  type TestBoxOptions,
} from './box.js';
import { share } from './dtmf.js';
import type { HandCall, HandPhone } from './hand-phone.js';
import { RtpEnd } from './rtp-end.js';
import { until } from './turns.js';
import { toAlaw, writeTone } from './wav.js';

/** Hz; no multiple of another, none of the keys', and whole in a second, so that it goes on without a click */
const HERTZ = [430, 590, 810, 1130, 530, 1610, 1030, 370, 710, 1270] as const;
const MUSIC_HZ = 310;
const MUSIC = 'music';
/** of what is heard, the last 160 ms */
const LATELY = 1280;
/** of the power; of three who speak at once each has a third */
const HEARD = 0.12;
const HEAR_LIMIT_MS = 45_000;
const CLEAN_LIMIT_MS = 45_000;

/** Somebody at the end of a wire. */
export interface Party {
  readonly name: string;
  readonly hertz: number;
  /** what he hears comes here */
  readonly ear: RtpEnd;
}

export class SoundFloor {
  readonly box: Box;
  readonly api: LocalApi;
  readonly #parties: Party[] = [];
  readonly #prompts: Party[] = [];
  /** prompts hear nothing */
  readonly #nobody: RtpEnd;
  readonly #running = whileRunning();
  /** legs of ears */
  readonly #ears = new Set<number>();
  /** of voices */
  readonly #plays = new Map<number, number>();

  private constructor(box: Box, running: ReturnType<typeof whileRunning>, nobody: RtpEnd) {
    this.box = box;
    this.#nobody = nobody;
    this.api = new LocalApi(box.config.home);
    this.#running = running;
  }

  /** The compiled box, which is there at once. Whoever is on hold hears a tone, too. Call `end` after all tests. */
  static async start(options: TestBoxOptions = {}): Promise<SoundFloor> {
    const home = mkdtempSync(join(tmpdir(), 'cordboard-floor-'));
    const running = whileRunning();
    running.onEnd(() => rmSync(home, { recursive: true, force: true }));
    mkdirSync(join(home, 'cache', 'music'), { recursive: true });
    writeTone(join(home, 'cache', 'music', 'cordboard.wav'), MUSIC_HZ, 1000);
    const env = { CORDBOARD_SIP_TRUSTED: '127.0.0.1', CORDBOARD_SIP_HOST: '127.0.0.1', ...options.env };
    const box = await startTestBox({ start: startCompiledBox, ...options, home, env }, running);
    mkdirSync(join(home, 'voices'), { recursive: true });
    for (const hertz of HERTZ) writeTone(join(home, 'voices', `${hertz}.wav`), hertz, 1000);
    await until(() => box.sip?.ports !== undefined, 'SIP listens');
    const nobody = await RtpEnd.open();
    running.onEnd(() => nobody.close());
    return new SoundFloor(box, running, nobody);
  }

  async end(): Promise<void> {
    await this.#running.end();
  }

  get sipPort(): number {
    return this.box.sip!.ports!.port;
  }

  /** The telephone of an analog station. */
  async phone(station: number): Promise<AnalogPhone> {
    const ear = await this.#ear();
    const phone = new AnalogPhone(this, station, HERTZ[station - 1]!, ear);
    this.#parties.push(phone);
    return phone;
  }

  /** A SIP telephone that is registered; it speaks whenever it is in a call. */
  sipPhone(station: number, phone: HandPhone, voice: number): SipParty {
    const hertz = HERTZ[voice]!;
    const party = { name: String(station), hertz, ear: phone.rtp, station, phone };
    void phone.rtp.say(toneAlaw(hertz));
    this.#parties.push(party);
    return party;
  }

  /** Somebody who calls in over the E1. */
  async caller(voice: number, plan: Parameters<typeof callIn>[1] = {}): Promise<E1Caller> {
    const placed = await callIn(this.box, plan);
    const caller = new E1Caller(this, HERTZ[voice]!, await this.#ear(), placed);
    this.#parties.push(caller);
    return caller;
  }

  /** Somebody outside whom the box has called, once he has answered; he speaks. */
  async outside(number: string, voice: number): Promise<Party> {
    const { subscribers } = this.box.exchange;
    const answered = () =>
      subscribers.list().find(({ calledNumber, state }) => calledNumber === number && state === 'answered');
    await waitFor(subscribers.events, 'call.changed', () => answered() !== undefined);
    const ear = await this.#ear();
    const party = { name: number, hertz: HERTZ[voice]!, ear: ear.rtp };
    this.#parties.push(party);
    await this.sound(answered()!.port, party.hertz, ear);
    return party;
  }

  /** A prompt of the box that is a tone; who hears it hears this party. */
  prompt(name: string, voice: number, durationMs: number): Party {
    const hertz = HERTZ[voice]!;
    const folder = join(this.box.config.home, 'prompts', 'en');
    mkdirSync(folder, { recursive: true });
    writeTone(join(folder, `${name}.wav`), hertz, durationMs);
    // The words of a sentence may share a voice.
    const same = this.#prompts.find((one) => one.hertz === hertz);
    const party = same ?? { name, hertz, ear: this.#nobody };
    if (same === undefined) this.#prompts.push(party);
    return party;
  }

  /** He says nothing any more. */
  async quiet({ hertz }: Party): Promise<void> {
    const play = this.#plays.get(hertz);
    if (play !== undefined) await this.box.engine.command('play.stop', { play });
  }

  /** Resolves when he hears these, and nobody else who has a voice. */
  async hears(who: Party, ...others: (Party | typeof MUSIC)[]): Promise<void> {
    const wanted = others.map((other) => (other === MUSIC ? MUSIC : other.name)).sort();
    let heard: string[] = [];
    who.ear.forget();
    await who.ear
      .until(
        () => {
          const octets = who.ear.heard();
          if (octets.length < LATELY) return false;
          heard = this.#voicesIn(octets.subarray(octets.length - LATELY));
          return heard.join() === wanted.join();
        },
        'what is wanted is heard',
        HEAR_LIMIT_MS,
      )
      .catch((error: unknown) => {
        const words = (names: string[]): string => names.join(' and ') || 'nobody';
        throw new Error(`${who.name} is to hear ${words(wanted)}, and hears ${words(heard)}`, { cause: error });
      });
  }

  /** Both hear each other and nobody else. */
  async talk(one: Party, other: Party): Promise<void> {
    await Promise.all([this.hears(one, other), this.hears(other, one)]);
  }

  #voicesIn(octets: Uint8Array): string[] {
    const heard = [...this.#parties, ...this.#prompts]
      .filter(({ hertz }) => share(octets, hertz) > HEARD)
      .map(({ name }) => name);
    return [...heard, ...(share(octets, MUSIC_HZ) > HEARD ? [MUSIC] : [])].sort();
  }

  act(callId: string, station: number, action: CallAction): Promise<Call> {
    return this.api.request<Call>('POST', `/calls/${callId}/actions`, { station, ...action });
  }

  supervise(callId: string, action: SuperviseAction): Promise<Call> {
    return this.api.request<Call>('POST', `/calls/${callId}/supervise`, action);
  }

  phase(callId: string, wanted: string): Promise<void> {
    return phase(this.box, callId, wanted);
  }

  /** The segments of a call that is over. */
  async over(callId: string): Promise<SegmentRow[]> {
    return (await storedCall(this.box, callId)).segments;
  }

  outcomes(segments: readonly SegmentRow[], kind: string): unknown[] {
    return segments.filter((segment) => segment.kind === kind).map(({ data }) => data['outcome']);
  }

  /** After a test that has failed: the next one begins with nothing. */
  async drop(): Promise<void> {
    const { calls, exchange } = this.box;
    for (const { id } of calls.live()) calls.release(id, 16);
    for (const { station, offHook } of exchange.phones()) if (offHook) await exchange.hangUpPhone(station);
  }

  /** No leg, conference, playback or recording is left; ends what the test has to listen with. */
  async clean(): Promise<void> {
    this.#parties.length = 0;
    for (const leg of this.#ears) await this.box.engine.command('leg.release', { leg, cause: 16 });
    this.#ears.clear();
    const { box } = this;
    try {
      await waitFor(box.live, 'call.removed', () => box.calls.live().length === 0, CLEAN_LIMIT_MS);
    } catch (error) {
      await this.drop();
      throw error;
    }
    await nothingLeaks(this.box);
    const { conferences } = await this.box.engine.command('engine.snapshot', {});
    if (conferences.length > 0) throw new Error(`a conference is left over: ${JSON.stringify(conferences)}`);
  }

  /** What comes out at a far end. */
  async #ear(): Promise<Ear> {
    const { engine } = this.box;
    const rtp = await RtpEnd.open();
    this.#running.onEnd(() => rtp.close());
    const { leg, port } = await engine.command('stream.open', { incoming: true });
    await engine.command('stream.update', {
      ...{ leg, remoteAddress: '127.0.0.1', remotePort: rtp.port, timeoutMs: 0 },
      ...{ codec: { name: 'PCMA', payloadType: 8 }, receive: [{ name: 'PCMA', payloadType: 8 }] },
    });
    await engine.command('leg.answer', { leg });
    this.#ears.add(leg);
    return { rtp, at: (source) => engine.command('bus.listen', { listener: port, source }) };
  }

  /** He speaks, and is listened to, at the far end of his cable. */
  async sound(far: number, hertz: number, { at }: Ear): Promise<void> {
    await at(far);
    const files = [join(this.box.config.home, 'voices', `${hertz}.wav`)];
    const { play } = await this.box.engine.command('play.start', { port: far, files, loop: true });
    this.#plays.set(hertz, play);
  }
}

interface Ear {
  rtp: RtpEnd;
  at: (port: number) => Promise<unknown>;
}

export interface SipParty extends Party {
  station: number;
  phone: HandPhone;
  call?: HandCall;
}

/** Somebody at an analog telephone. */
export class AnalogPhone implements Party {
  readonly name: string;
  readonly ear: RtpEnd;
  constructor(
    readonly floor: SoundFloor,
    readonly station: number,
    readonly hertz: number,
    readonly own: Ear,
  ) {
    this.name = `station ${station}`;
    this.ear = own.rtp;
  }

  async rings(): Promise<void> {
    await waitFor(this.#exchange.telephones.events, 'phone.changed', () => this.#now.ringing);
  }

  /** Lifts once it rings, and speaks. */
  async answer(): Promise<void> {
    await this.rings();
    await this.#exchange.lift(this.station);
    await this.speak();
  }

  async lift(): Promise<void> {
    await this.#exchange.lift(this.station);
  }

  /** Lifts, dials, and speaks; resolves with the number of the call when there is one. */
  async dial(number: string): Promise<string> {
    const { calls } = this.floor.box;
    const arrived = new Promise<string>((resolve) => calls.events.once('call.arrived', ({ call }) => resolve(call.id)));
    await this.keys(number);
    return arrived;
  }

  /** Lifts and dials what makes no call of its own. */
  async keys(number: string): Promise<void> {
    await this.#exchange.lift(this.station);
    await this.#exchange.dial(this.station, number);
    await this.speak();
  }

  async speak(): Promise<void> {
    const { engine } = this.floor.box;
    const { legs } = await engine.command('engine.snapshot', {});
    const leg = legs.find(({ analog }) => analog === 10_000 + this.station);
    if (leg === undefined) throw new Error(`station ${this.station} is on the hook`);
    await this.floor.sound(leg.port, this.hertz, this.own);
  }

  async hangUp(): Promise<void> {
    await this.#exchange.hangUpPhone(this.station);
    await this.free();
  }

  flash(): Promise<unknown> {
    return this.#exchange.flash(this.station);
  }

  /** On the hook, and it can be rung. */
  async free(): Promise<void> {
    const { box } = this.floor;
    await waitFor(box.live, 'station.updated', () => {
      const now = box.stations.find(this.station);
      return now !== undefined && !now.offHook && !now.busy && !now.ringing;
    });
  }

  get #exchange(): Box['exchange'] {
    return this.floor.box.exchange;
  }
  get #now(): ReturnType<Box['exchange']['phones']>[number] {
    return this.#exchange.phones().find(({ station }) => station === this.station)!;
  }
}

/** Somebody who calls in over the E1. */
export class E1Caller implements Party {
  readonly name: string;
  readonly callId: string;
  readonly ear: RtpEnd;
  readonly #exchangeId: string;
  readonly #timeslot: number;
  constructor(
    readonly floor: SoundFloor,
    readonly hertz: number,
    readonly own: Ear,
    placed: Awaited<ReturnType<typeof callIn>>,
  ) {
    this.callId = placed.callId;
    this.name = `caller ${hertz}`;
    this.ear = own.rtp;
    this.#exchangeId = placed.exchangeId;
    this.#timeslot = placed.timeslot;
  }

  /** From now on, once he is answered. */
  async speak(): Promise<void> {
    await this.floor.sound(await this.farPort(), this.hertz, this.own);
  }

  async farPort(): Promise<number> {
    const { legs } = await this.floor.box.engine.command('engine.snapshot', {});
    return legs.find(({ span, timeslot }) => span === 101 && timeslot === this.#timeslot)!.port;
  }

  press(keys: string): Promise<void> {
    return this.floor.box.exchange.sendDigits(this.#exchangeId, keys);
  }

  async hangUp(): Promise<void> {
    await this.floor.box.exchange.hangUp(this.#exchangeId);
  }
}

function toneAlaw(hertz: number): Uint8Array {
  return Uint8Array.from({ length: 120 * 8000 }, (_, i) =>
    toAlaw(Math.round(6000 * Math.sin((2 * Math.PI * hertz * i) / 8000))),
  );
}
