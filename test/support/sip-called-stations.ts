// Calls over a trunk to stations that ring at once, and how long it takes until whoever calls is told so: INVITE at the box, INVITE at
// the station, its 180, the 180 of the box.
import type { SipMessage, SipRequest, SipResponse } from '../../daemon/src/sip/message/index.js';
import { SipPhone, boundSocket, sdp, token, type PhoneOptions } from './sip-phone.js';

export interface CalledStationsOptions {
  /** UDP port of the box, which has a trunk for 127.0.0.1 */
  server: number;
  accounts: readonly { number: number; secret: string }[];
  /** in turn; default the stations */
  numbers?: readonly number[];
  /** calls a second, and how many */
  rate: number;
  calls: number;
  /** ms that it rings, and that they talk */
  ringMs?: number;
  talkMs?: number;
}

export interface CalledStations {
  /** ms from INVITE to 180, in the order of the calls */
  ringingMs: number[];
  /** calls that were answered and ended by BYE */
  ended: number;
  /** what went wrong, by its kind */
  failures: Record<string, number>;
}

/** ms; a call of which nothing more comes is given up */
const PATIENCE_MS = 5000;

/** A telephone that rings at once, and is lifted a moment later. */
class Station extends SipPhone {
  ringMs = 0;

  static override async open(options: PhoneOptions): Promise<Station> {
    return new Station(await boundSocket(options), options);
  }

  protected override hears(message: SipMessage): boolean {
    if (message.kind === 'response') return true;
    if (message.method === 'INVITE') this.#rings(message);
    else if (message.method !== 'ACK') this.answer(message, 200);
    return false;
  }

  #rings(invite: SipRequest): void {
    const tag = token();
    this.answer(invite, 180, { tag });
    setTimeout(() => this.answer(invite, 200, { tag, sdp: sdp(this.port) }), this.ringMs);
  }
}

interface Call {
  at: number;
  invite: SipRequest;
  rang: boolean;
  answered: boolean;
  giveUp: NodeJS.Timeout;
}

/** The far end of a trunk. */
class Callers extends SipPhone {
  readonly ringingMs: number[] = [];
  readonly failures: Record<string, number> = {};
  talkMs = 0;
  ended = 0;
  readonly #calls = new Map<string, Call>();

  static override async open(options: PhoneOptions): Promise<Callers> {
    return new Callers(await boundSocket(options), options);
  }

  get open(): number {
    return this.#calls.size;
  }

  call(to: number): void {
    const invite = this.build('INVITE', { to: String(to), sdp: sdp(this.port) });
    const giveUp = setTimeout(() => this.#over(invite.callId, 'silence'), PATIENCE_MS);
    this.#calls.set(invite.callId, { at: performance.now(), invite, rang: false, answered: false, giveUp });
    this.send(invite);
  }

  protected override hears(message: SipMessage): boolean {
    if (message.kind === 'response') this.#heard(message);
    else if (message.method !== 'ACK') this.answer(message, 200);
    return false;
  }

  #heard(answer: SipResponse): void {
    const call = this.#calls.get(answer.callId);
    if (call === undefined) return;
    if (answer.cseq.method === 'BYE') {
      this.#over(answer.callId, answer.status === 200 ? undefined : `BYE ${answer.status}`);
    } else if (answer.status === 180 && !call.rang) {
      call.rang = true;
      this.ringingMs.push(performance.now() - call.at);
    } else if (answer.status >= 300) {
      this.ack(call.invite, answer);
      this.#over(answer.callId, `INVITE ${answer.status}`);
    } else if (answer.status >= 200) {
      const dialog = this.dialog(call.invite, answer);
      dialog.send('ACK');
      if (call.answered) return;
      call.answered = true;
      setTimeout(() => dialog.send('BYE'), this.talkMs);
    }
  }

  #over(callId: string, failure: string | undefined): void {
    const call = this.#calls.get(callId);
    if (call === undefined) return;
    clearTimeout(call.giveUp);
    this.#calls.delete(callId);
    const why = failure ?? (call.rang ? undefined : 'no 180');
    if (why === undefined) this.ended += 1;
    else this.failures[why] = (this.failures[why] ?? 0) + 1;
  }
}

/** Resolves when the last call is over. */
export async function callStations(options: CalledStationsOptions): Promise<CalledStations> {
  const { server, accounts, rate, calls, ringMs = 100, talkMs = 200 } = options;
  const { numbers = accounts.map(({ number }) => number) } = options;
  const stations: Station[] = [];
  const callers = await Callers.open({ server, number: 'carrier' });
  callers.talkMs = talkMs;
  try {
    for (const { number, secret } of accounts) {
      const station = await Station.open({ server, number, secret });
      stations.push(station);
      station.ringMs = ringMs;
      const { status } = await station.register();
      if (status !== 200) throw new Error(`${number} could not register: ${status}`);
    }
    const begun = performance.now();
    await new Promise<void>((resolve) => {
      let placed = 0;
      const pace = setInterval(() => {
        const due = Math.min(calls, Math.floor(((performance.now() - begun) / 1000) * rate));
        for (; placed < due; placed += 1) callers.call(numbers[placed % numbers.length]!);
        if (placed < calls || callers.open > 0) return;
        clearInterval(pace);
        resolve();
      }, 2);
    });
    const { ringingMs, ended, failures } = callers;
    return { ringingMs, ended, failures };
  } finally {
    for (const phone of [callers, ...stations]) phone.close();
  }
}
