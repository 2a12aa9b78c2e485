// Session timers (RFC 4028): a session that neither side refreshes is ended, so that no call outlives a peer that has vanished.
// Whoever was chosen refreshes at half the interval; either side ends the session a while before it runs out.
import type { Timer } from '../../../platform/index.js';
import { parseNumber, parseParams, type SipMessage, type SipRequest, type SipResponse } from '../../message/index.js';
import type { Timers } from '../../transaction/index.js';
import type { SessionSettings } from './types.js';

/** RFC 4028 clause 5: no interval is shorter, s */
const SHORTEST_S = 90;
/** Clause 10: how long before the end BYE is sent at the latest, s */
const BEFORE_END_S = 32;
const LONGEST_S = 2_147_483_647;

export interface SessionTimerHooks {
  refresh(): void;
  expired(): void;
}

interface Interval {
  seconds: number;
  refresher: string | null | undefined;
}

export class SessionTimer {
  readonly #timers: Timers;
  readonly #settings: SessionSettings;
  readonly #hooks: SessionTimerHooks;
  #weRefresh: boolean | undefined;
  #intervalS: number;
  /** raised by a 422 */
  #minS: number;
  #refresh: Timer | undefined;
  #expiry: Timer | undefined;

  constructor(timers: Timers, settings: SessionSettings, hooks: SessionTimerHooks) {
    this.#timers = timers;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#intervalS = settings.sessionExpiresS;
    this.#minS = Math.max(SHORTEST_S, settings.minSessionExpiresS);
  }

  /** s until the session would end; 0: it has no end. `weRefresh`: keeping it alive is our part. */
  get state(): { intervalS: number; weRefresh: boolean } {
    return { intervalS: this.#weRefresh === undefined ? 0 : this.#intervalS, weRefresh: this.#weRefresh === true };
  }

  /** For an INVITE or UPDATE of ours (clause 7.1, 7.4). */
  requestHeaders(): [string, string][] {
    if (this.#intervalS === 0) return [];
    const refresher = this.#weRefresh === undefined ? '' : `;refresher=${this.#weRefresh ? 'uac' : 'uas'}`;
    return [
      ['Session-Expires', `${this.#intervalS}${refresher}`],
      ['Min-SE', String(this.#minS)],
    ];
  }

  /** 422 to a request of ours: the next one asks for as much as it wants (clause 7.3). false: it does not say how much. */
  raise(response: SipResponse): boolean {
    const minS = secondsOf(response.headers.get('Min-SE'));
    if (minS === undefined) return false;
    this.#minS = Math.max(this.#minS, minS);
    this.#intervalS = Math.max(this.#intervalS, this.#minS);
    return true;
  }

  /** What Min-SE of a 422 must say; undefined: the request asks for nothing too short (clause 9). */
  tooShort(request: SipRequest): number | undefined {
    const asked = intervalOf(request);
    return asked !== undefined && asked.seconds < this.#minS && knowsTimer(request) ? this.#minS : undefined;
  }

  /** Writes our 2xx to the peer's INVITE or UPDATE, and begins to count (clause 9). */
  answer(request: SipRequest, response: SipResponse): void {
    const asked = intervalOf(request);
    const knows = knowsTimer(request);
    const wantedS = this.#settings.sessionExpiresS;
    if (asked === undefined && wantedS === 0) {
      this.stop();
      return;
    }
    const least = Math.max(this.#minS, secondsOf(request.headers.get('Min-SE')) ?? 0);
    const seconds = asked === undefined ? wantedS : wantedS === 0 ? asked.seconds : Math.min(asked.seconds, wantedS);
    this.#intervalS = Math.max(least, seconds);
    // Table 2: one that does not know timers cannot refresh; one that does is asked to, unless it wants us to.
    const peerRefreshes = knows && asked !== undefined && asked.refresher !== 'uas';
    response.headers.add('Session-Expires', `${this.#intervalS};refresher=${peerRefreshes ? 'uac' : 'uas'}`);
    if (peerRefreshes) response.headers.add('Require', 'timer');
    this.#start(!peerRefreshes);
  }

  /** Reads the 2xx to an INVITE or UPDATE of ours, and begins to count (clause 7.2). */
  accepted(response: SipResponse): void {
    const given = intervalOf(response);
    if (given !== undefined) {
      this.#intervalS = Math.max(SHORTEST_S, given.seconds);
      this.#start(given.refresher !== 'uas');
    } else if (this.#intervalS > 0) {
      // The peer knows no timers: it will not end the session, but our refreshing still finds out when it has gone.
      this.#start(true);
    }
  }

  stop(): void {
    this.#refresh?.cancel();
    this.#expiry?.cancel();
    this.#weRefresh = undefined;
  }

  #start(weRefresh: boolean): void {
    this.stop();
    this.#weRefresh = weRefresh;
    const seconds = this.#intervalS;
    if (weRefresh) this.#refresh = this.#timers.after((seconds / 2) * 1000, () => this.#hooks.refresh());
    const endS = seconds - Math.min(BEFORE_END_S, seconds / 3);
    this.#expiry = this.#timers.after(endS * 1000, () => this.#hooks.expired());
  }
}

function intervalOf(message: SipMessage): Interval | undefined {
  const value = message.headers.get('Session-Expires');
  const seconds = secondsOf(value);
  if (value === undefined || seconds === undefined) return undefined;
  const semicolon = value.indexOf(';');
  const refresher = semicolon < 0 ? undefined : parseParams(value.slice(semicolon)).get('refresher');
  return { seconds, refresher: refresher?.toLowerCase() };
}

function secondsOf(value: string | undefined): number | undefined {
  const [number = ''] = (value ?? '').split(';', 1);
  return parseNumber(number.trim(), LONGEST_S);
}

function knowsTimer(message: SipMessage): boolean {
  return message.headers.list('Supported').includes('timer');
}
