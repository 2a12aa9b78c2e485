// A SipPhone with audio of its own (an RtpEnd) at a whole box: retransmissions are not seen, OPTIONS is answered, a refusal
// acknowledged; nothing else is sent that the test did not ask for. It ends with the test.
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { onTestFinished } from 'vitest';
import { newResponse, type SipMessage, type SipRequest, type SipResponse } from '../../daemon/src/sip/message/index.js';
import { RtpEnd } from './rtp-end.js';
import {
  SipPhone,
  boundSocket,
  sdp,
  token,
  type HeaderLine,
  type PhoneDialog,
  type PhoneOptions,
} from './sip-phone.js';

export type HandPhoneOptions = PhoneOptions;

export interface SdpOptions {
  /** offers or takes RFC 4733; default true */
  events?: boolean;
}

const NAME: HeaderLine = ['User-Agent', 'Hand 1.0'];

export class HandPhone extends SipPhone {
  readonly rtp: RtpEnd;
  /** methods of requests that came once more */
  readonly repeated: string[] = [];
  readonly #seen = new Set<string>();

  private constructor(socket: Socket, rtp: RtpEnd, options: HandPhoneOptions) {
    super(socket, options);
    this.rtp = rtp;
  }

  static override async open(given: HandPhoneOptions): Promise<HandPhone> {
    const options = { ...given, headers: [NAME, ...(given.headers ?? [])] };
    const { host } = options;
    const rtp = await RtpEnd.open(host !== undefined && isIPv6(host) ? host : undefined);
    const phone = new HandPhone(await boundSocket(options), rtp, options);
    onTestFinished(() => phone.close());
    return phone;
  }

  override close(): void {
    super.close();
    this.rtp.close();
  }

  /** Calls; resolves when the INVITE is on its way. */
  call(called: string, options: SdpOptions = {}): HandCall {
    const [callId, tag] = [token(), token()];
    const headers = this.options.headers ?? [];
    const invite = this.ask('INVITE', { to: called, callId, tag, headers, sdp: this.sdp(options) });
    const final = invite.then(async (sent) => {
      const answer = await this.outcome(sent);
      if (answer.status >= 300) this.ack(sent, answer);
      return answer;
    });
    return new HandCall(this, { callId, tag, invite, final, options });
  }

  /** The next call that comes in. */
  async called(options: SdpOptions = {}): Promise<HandCall> {
    const invite = await this.nextRequest('INVITE');
    const final = new Promise<SipResponse>(() => undefined);
    return new HandCall(this, { callId: invite.callId, tag: token(), invite: Promise.resolve(invite), final, options });
  }

  sdp({ events = true }: SdpOptions = {}): string {
    return sdp(this.rtp.port, { host: this.host, codecs: events ? '8 101' : '8' });
  }

  /** Sends audio where the description says. */
  talk(description: Buffer): void {
    const text = description.toString();
    const port = /^m=audio (\d+)/m.exec(text)?.[1];
    const host = /^c=IN IP[46] (\S+)/m.exec(text)?.[1];
    if (port === undefined || host === undefined) throw new Error(`no audio in ${text}`);
    this.rtp.talkTo(host, Number(port));
  }

  protected override hears(message: SipMessage): boolean {
    if (message.kind === 'response') return true;
    const key = `${message.method} ${message.headers.get('Via') ?? ''}`;
    if (this.#seen.has(key)) {
      this.repeated.push(message.method);
      return false;
    }
    this.#seen.add(key);
    if (message.method !== 'OPTIONS') return true;
    this.send(newResponse(message, 200, undefined, { toTag: 'hand' }));
    return false;
  }
}

interface CallParts {
  callId: string;
  /** ours */
  tag: string;
  invite: Promise<SipRequest>;
  final: Promise<SipResponse>;
  options: SdpOptions;
}

/** One call of a HandPhone. */
export class HandCall {
  readonly callId: string;
  readonly tag: string;
  readonly invite: Promise<SipRequest>;
  /** the final answer to our INVITE */
  readonly final: Promise<SipResponse>;
  readonly #phone: HandPhone;
  readonly #options: SdpOptions;
  #dialog: PhoneDialog | undefined;

  constructor(phone: HandPhone, { callId, tag, invite, final, options }: CallParts) {
    this.#phone = phone;
    this.callId = callId;
    this.tag = tag;
    this.invite = invite;
    this.final = final;
    this.#options = options;
    // Who gives up may never look at it.
    final.catch(() => undefined);
  }

  /** Provisional or final, of a call that came in. */
  async respond(status: number, description?: string, headers: readonly HeaderLine[] = []): Promise<void> {
    const invite = await this.invite;
    const parts = { tag: this.tag, headers, ...(description === undefined ? {} : { sdp: description }) };
    this.#dialog = this.#phone.dialog(invite, this.#phone.answer(invite, status, parts));
  }

  /** 200, and audio from then on; resolves when it is acknowledged. */
  async answer(headers: readonly HeaderLine[] = []): Promise<SipRequest> {
    await this.respond(200, this.#phone.sdp(this.#options), headers);
    this.#phone.talk((await this.invite).body);
    return this.#phone.nextRequest('ACK');
  }

  /** Waits for the 200 of a call that we made, acknowledges it, and talks. */
  async connected(): Promise<SipResponse> {
    const answer = await this.final;
    if (answer.status >= 300) throw new Error(`the call was refused: ${answer.status} ${answer.reason}`);
    this.#dialog = this.#phone.dialog(await this.invite, answer);
    this.#dialog.send('ACK');
    this.#phone.talk(answer.body);
    return answer;
  }

  bye(): Promise<SipResponse> {
    return this.#up.request('BYE');
  }

  /** A key as application/dtmf-relay. */
  info(digit: string): Promise<SipResponse> {
    return this.#up.request('INFO', { body: ['application/dtmf-relay', `Signal=${digit}\r\nDuration=100\r\n`] });
  }

  /** Takes a request in the dialog and says 200. */
  async take(method: string): Promise<SipRequest> {
    const request = await this.#phone.nextRequest(method);
    this.#phone.send(newResponse(request, 200));
    return request;
  }

  /** Gives up before the answer. */
  async cancel(): Promise<void> {
    this.#phone.cancel(await this.invite);
  }

  get #up(): PhoneDialog {
    if (this.#dialog === undefined) throw new Error('the call is not up');
    return this.#dialog;
  }
}
