// Calls of every kind, one after the other, by telephones in pairs and a carrier: `npm run soak -- sip` looks at what they leave behind.
import { newResponse, serialise, type SipRequest, type SipResponse } from '../../daemon/src/sip/message/index.js';
import { RawPhone, offerOf, token, type Place } from './sip-raw-phone.js';
import { REALM } from './sip-running-stack.js';

export interface SoakOptions {
  server: Place;
  /** in pairs: who calls, who is called */
  accounts: { number: number; secret: string }[];
  calls: number;
  /** of the trunk: where the carrier calls from */
  carrier: string;
  menu: string;
}

export interface SoakResult {
  /** by kind */
  done: Record<string, number>;
  failed: number;
  /** turned away because the box was busy (503), and tried again */
  turnedAway: number;
  /** the first ones */
  failures: string[];
}

const MOST_FAILURES = 10;
const TALK_MS = 60;
const RETRY_MS = 500;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A telephone that answers what comes, as it is told. */
class Telephone {
  readonly raw: RawPhone;
  /** to an INVITE: 200 answers after ringing, 180 rings on, anything else refuses */
  says = 200;
  /** what it is asked next, by method */
  readonly #waits = new Map<string, (request: SipRequest) => void>();
  readonly #acks = new Map<string, Buffer>();
  #ringing: SipRequest | undefined;

  constructor(raw: RawPhone) {
    this.raw = raw;
    raw.onRequest = (request) => this.#asked(request);
    // A copy of a 200 wants its ACK again.
    raw.onResponse = ({ callId, cseq }) => {
      const ack = this.#acks.get(callId);
      if (ack !== undefined && cseq.method === 'INVITE') raw.send(ack);
    };
  }

  get tag(): string {
    return `soak${this.raw.number}`;
  }

  /** Resolves with the next request of this method. */
  next(method: string): Promise<SipRequest> {
    return new Promise((resolve) => this.#waits.set(method, resolve));
  }

  #asked(request: SipRequest): void {
    const { method } = request;
    this.#waits.get(method)?.(request);
    this.#waits.delete(method);
    if (method === 'ACK') return;
    if (method === 'INVITE' && request.toTag === undefined) {
      if (this.says === 200 || this.says === 180) {
        this.#ringing = request;
        this.#respond(request, 180);
      }
      if (this.says !== 180) this.#respond(request, this.says);
      return;
    }
    this.#respond(request, 200);
    if (method === 'CANCEL' && this.#ringing !== undefined) this.#respond(this.#ringing, 487);
  }

  #respond(request: SipRequest, status: number): void {
    const response = newResponse(request, status, undefined, { toTag: this.tag });
    if (request.method === 'INVITE' && status < 300) {
      response.headers.add('Contact', this.raw.contact);
      if (status === 200) {
        response.headers.add('Content-Type', 'application/sdp');
        response.body = Buffer.from(offerOf(this.raw.address.host));
      }
    }
    this.raw.send(serialise(response));
  }

  /** Calls; resolves when it is answered and acknowledged, or rejects with what it was refused with. */
  async call(to: string, provisional?: (response: SipResponse) => void): Promise<Dialog> {
    const begin = { callId: token('s'), fromTag: token('f'), to: `<sip:${to}@${REALM}>`, uri: `sip:${to}@${REALM}` };
    const answer = await this.raw.ask('INVITE', {
      ...begin,
      headers: [
        ['Contact', this.raw.contact],
        ['Content-Type', 'application/sdp'],
      ],
      body: offerOf(this.raw.address.host),
      ...(provisional === undefined ? {} : { provisional }),
    });
    if (answer.status !== 200) throw new Refused(answer.status);
    const dialog = { ...begin, toTag: answer.toTag ?? '', uri: contactOf(answer) };
    this.#acknowledge(dialog, answer.cseq.number);
    return dialog;
  }

  /** The same, given up when it rings. */
  async cancel(to: string): Promise<number> {
    const begin = { callId: token('s'), fromTag: token('f'), to: `<sip:${to}@${REALM}>`, uri: `sip:${to}@${REALM}` };
    const headers = [
      ['Contact', this.raw.contact],
      ['Content-Type', 'application/sdp'],
    ] as const;
    const invite = this.raw.request('INVITE', { ...begin, headers, body: offerOf(this.raw.address.host) });
    let cancelled = false;
    const answer = await this.raw.transact(invite, ({ status }) => {
      if (status !== 180 || cancelled) return;
      cancelled = true;
      const cancel = this.raw.request('CANCEL', { ...begin, cseq: invite.cseq.number });
      cancel.headers.set('Via', invite.headers.get('Via') ?? '');
      void this.raw.transact(cancel).catch(() => undefined);
    });
    this.raw.acknowledge(invite, answer);
    return answer.status;
  }

  /** A re-INVITE, acknowledged. */
  async change(dialog: Dialog, direction: 'sendonly' | 'sendrecv'): Promise<void> {
    const answer = await this.raw.ask('INVITE', {
      ...dialog,
      headers: [
        ['Contact', this.raw.contact],
        ['Content-Type', 'application/sdp'],
      ],
      body: offerOf(this.raw.address.host, undefined, [`a=${direction}`]),
    });
    if (answer.status !== 200) throw new Refused(answer.status);
    this.#acknowledge(dialog, answer.cseq.number);
  }

  async bye(dialog: Dialog): Promise<void> {
    this.#acks.delete(dialog.callId);
    const { status } = await this.raw.ask('BYE', dialog);
    if (status !== 200) throw new Refused(status);
  }

  /** BYE of one who was called. */
  async byeTo(invite: SipRequest): Promise<void> {
    const { status } = await this.raw.ask('BYE', {
      ...{ callId: invite.callId, fromTag: this.tag, toTag: invite.fromTag ?? '', cseq: 1, uri: contactOf(invite) },
      to: (invite.headers.get('From') ?? '').replace(/;tag=.*$/, ''),
    });
    if (status !== 200) throw new Refused(status);
  }

  /** Forgets what is kept of a call that is over. */
  forget(): void {
    this.#acks.clear();
    this.#ringing = undefined;
    this.#waits.clear();
  }

  #acknowledge(dialog: Dialog, cseq: number): void {
    const ack = serialise(this.raw.request('ACK', { ...dialog, cseq }));
    this.#acks.set(dialog.callId, ack);
    this.raw.send(ack);
  }
}

interface Dialog {
  callId: string;
  fromTag: string;
  toTag: string;
  to: string;
  uri: string;
}

class Refused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the answer was ${status}`);
    this.status = status;
  }
}

interface Cast {
  one: Telephone;
  other: Telephone;
  carrier: Telephone;
  menu: string;
}

/** Each is one call. */
const KINDS: Record<string, (cast: Cast) => Promise<void>> = {
  async menu({ carrier, menu }) {
    const dialog = await carrier.call(menu);
    await sleep(TALK_MS);
    await carrier.bye(dialog);
  },
  async callerEnds({ one, other }) {
    const gone = other.next('BYE');
    const dialog = await one.call(String(other.raw.number));
    await sleep(TALK_MS);
    await one.bye(dialog);
    await gone;
  },
  async calledEnds({ one, other }) {
    const invite = other.next('INVITE');
    const acknowledged = other.next('ACK');
    const gone = one.next('BYE');
    await one.call(String(other.raw.number));
    await acknowledged;
    await sleep(TALK_MS);
    await other.byeTo(await invite);
    await gone;
  },
  async held({ one, other }) {
    const gone = other.next('BYE');
    const dialog = await one.call(String(other.raw.number));
    await one.change(dialog, 'sendonly');
    await sleep(TALK_MS);
    await one.change(dialog, 'sendrecv');
    await one.bye(dialog);
    await gone;
  },
  async cancelled({ carrier, other }) {
    other.says = 180;
    const cancelled = other.next('CANCEL');
    const status = await carrier.cancel(String(other.raw.number));
    if (status !== 487) throw new Refused(status);
    await cancelled;
  },
  async refused({ one, other }) {
    other.says = 486;
    const status = await one.call(String(other.raw.number)).then(
      () => 200,
      (error: unknown) => (error instanceof Refused ? error.status : 0),
    );
    if (status !== 486) throw new Refused(status);
  },
};

export async function soak({ server, accounts, calls, carrier: host, menu }: SoakOptions): Promise<SoakResult> {
  const result: SoakResult = { done: {}, failed: 0, turnedAway: 0, failures: [] };
  const phones = await Promise.all(
    accounts.map(async ({ number, secret }) => new Telephone(await RawPhone.open({ number, secret, server }))),
  );
  const carriers = await Promise.all(
    phones
      .filter((_, i) => i % 2 === 0)
      .map(async ({ raw }) => new Telephone(await RawPhone.open({ number: raw.number + 90_000, host, server }))),
  );
  for (const { raw } of phones) await registers(raw);
  let next = 0;
  const kinds = Object.entries(KINDS);
  const pair = async (one: Telephone, other: Telephone, carrier: Telephone): Promise<void> => {
    for (; next < calls;) {
      const index = next++ % kinds.length;
      if (index === 0)
        await turn(
          'registered',
          () => registersAgain(one),
          result,
          () => undefined,
        );
      const [name, play] = kinds[index]!;
      await turn(
        name,
        () => play({ one, other, carrier, menu }),
        result,
        () => (other.says = 200),
      );
      for (const phone of [one, other, carrier]) phone.forget();
    }
  };
  await Promise.all(carriers.map((carrier, i) => pair(phones[2 * i]!, phones[2 * i + 1]!, carrier)));
  for (const { raw } of phones) await raw.register(0).catch(() => undefined);
  for (const { raw } of [...phones, ...carriers]) raw.close();
  return result;
}

async function registersAgain({ raw }: Telephone): Promise<void> {
  const { status } = await raw.register(600);
  if (status !== 200) throw new Refused(status);
}

/** One call, again as long as the box is too busy for it. */
async function turn(name: string, play: () => Promise<void>, result: SoakResult, prepare: () => void): Promise<void> {
  for (;;) {
    prepare();
    try {
      await play();
      result.done[name] = (result.done[name] ?? 0) + 1;
      return;
    } catch (error) {
      await sleep(RETRY_MS);
      if (error instanceof Refused && error.status === 503) {
        result.turnedAway += 1;
        continue;
      }
      result.failed += 1;
      if (result.failures.length < MOST_FAILURES) result.failures.push(`${name}: ${String(error)}`);
      return;
    }
  }
}

/** The stack hears of a new account a moment after it was made. */
async function registers(phone: RawPhone): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    if ((await phone.register(600)).status === 200) return;
    await sleep(RETRY_MS);
  }
  throw new Error(`${phone.number} is not registered`);
}

function contactOf(message: SipRequest | SipResponse): string {
  return /<([^>]+)>/.exec(message.headers.get('Contact') ?? '')?.[1] ?? `sip:${REALM}`;
}
