// What voicemail needs to speak with people at telephones; who puts the box together hands it in.
import type { FlowSession } from '../calls/index.js';
import type { Language } from '../contract/index.js';

/** A prompt by its name, a value, or a file. */
export type Spoken =
  string | { file: string } | { as: 'number'; value: number } | { as: 'digits' | 'date' | 'time'; value: string };

export interface Talking {
  /** Says all of it, until a key is pressed, which stays for whoever asks. Rejects with the signal's reason when the call ends. */
  say(session: FlowSession, parts: readonly Spoken[], options?: { bargeIn?: boolean }): Promise<void>;
  /** undefined: none in time */
  key(session: FlowSession, timeoutMs?: number): Promise<string | undefined>;
  digits(session: FlowSession, asked: { maxDigits: number; timeoutMs?: number; secret?: boolean }): Promise<string>;
  /** He speaks into a file that must not exist, hears it, and keeps it; how long it is, or undefined when he does not want it. */
  dictate(session: FlowSession, path: string, maxMs: number): Promise<number | undefined>;
}

/** Where greetings are kept. */
export interface Greetings {
  adopt(name: string, language: Language, from: string, by: string, lengthMs?: number): Promise<unknown>;
  has(name: string): Promise<boolean>;
}

/** The day and the hour of a time, where the box stands. */
export interface LocalTime {
  date: string;
  time: string;
}

/** Of one who calls, for tries of a PIN. */
export const callerKey = ({ station, callingNumber }: FlowSession): string =>
  station === null ? callingNumber : `station:${station}`;
