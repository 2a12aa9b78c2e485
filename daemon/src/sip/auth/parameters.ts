// Challenges and credentials as text (RFC 3261 25.1, RFC 7616 3.3 and 3.4). Whatever comes is read in one pass and never throws.
import { isToken, quote, unquote } from '../message/index.js';
import { DIGEST_ALGORITHMS, type DigestAlgorithm } from './algorithm.js';
import { MAX_AUTH_CHARS, MAX_AUTH_PARAMS } from './limits.js';

interface Algorithm {
  algorithm: DigestAlgorithm;
  /** the session variant (RFC 7616 3.4.2) */
  session: boolean;
}

/** WWW-Authenticate or Proxy-Authenticate */
export interface DigestChallenge {
  realm: string;
  nonce: string;
  opaque: string | undefined;
  stale: boolean;
  /** undefined: one that we do not know */
  algorithm: DigestAlgorithm | undefined;
  session: boolean;
  /** none: as of RFC 2069; other: nothing but what we do not do, such as auth-int */
  qop: 'auth' | 'none' | 'other';
}

/** Authorization or Proxy-Authorization */
export interface DigestCredentials {
  username: string;
  realm: string;
  nonce: string;
  uri: string;
  /** hexadecimal, lower case */
  response: string;
  /** undefined: one that we do not know */
  algorithm: DigestAlgorithm | undefined;
  session: boolean;
  opaque: string | undefined;
  /** undefined: as of RFC 2069 */
  protection: { qop: 'auth'; nonceCount: string; count: number; cnonce: string } | undefined;
}

/**
 * The challenges of one header line, those of other schemes left out. RFC 3261 7.3.1 has one in a line; several with commas
 * between them, as HTTP allows, are read too. What follows a fault is left out.
 */
export function parseChallenges(text: string): DigestChallenge[] {
  const challenges: DigestChallenge[] = [];
  if (text.length > MAX_AUTH_CHARS) return challenges;
  for (let at = 0; at < text.length;) {
    const found = readScheme(text, at);
    if (found === undefined) break;
    const challenge = found.scheme === 'digest' ? challengeOf(found.params) : undefined;
    if (challenge !== undefined) challenges.push(challenge);
    at = found.end;
  }
  return challenges;
}

/** 'other': a scheme that is not Digest; undefined: faulty, such as a parameter given twice or one missing. */
export function parseCredentials(text: string): DigestCredentials | 'other' | undefined {
  if (text.length > MAX_AUTH_CHARS) return undefined;
  const found = readScheme(text, 0);
  if (found === undefined) return isOtherScheme(text) ? 'other' : undefined;
  if (found.scheme !== 'digest') return 'other';
  return found.end === text.length ? credentialsOf(found.params) : undefined;
}

function challengeOf(params: ReadonlyMap<string, string>): DigestChallenge | undefined {
  const realm = params.get('realm');
  const nonce = params.get('nonce');
  if (realm === undefined || nonce === undefined || nonce === '') return undefined;
  const { algorithm, session = false } = algorithmOf(params.get('algorithm')) ?? {};
  const stale = params.get('stale')?.toLowerCase() === 'true';
  return { realm, nonce, opaque: params.get('opaque'), stale, algorithm, session, qop: qopOf(params.get('qop')) };
}

function qopOf(text: string | undefined): DigestChallenge['qop'] {
  if (text === undefined) return 'none';
  const values = text.split(',').map((value) => value.trim().toLowerCase());
  if (values.includes('auth')) return 'auth';
  // Some send an empty list when they mean none.
  return values.every((value) => value === '') ? 'none' : 'other';
}

function credentialsOf(params: ReadonlyMap<string, string>): DigestCredentials | undefined {
  const username = params.get('username');
  const realm = params.get('realm');
  const nonce = params.get('nonce');
  const uri = params.get('uri');
  const response = params.get('response')?.toLowerCase();
  if (username === undefined || realm === undefined || nonce === undefined || uri === undefined) return undefined;
  if (response === undefined || !isHex(response, 128)) return undefined;
  // A hashed user name (RFC 7616 3.4.4) is never asked for here.
  if (params.get('userhash')?.toLowerCase() === 'true') return undefined;
  const { algorithm, session = false } = algorithmOf(params.get('algorithm')) ?? {};
  const protection = protectionOf(params);
  if (protection === 'faulty') return undefined;
  return { username, realm, nonce, uri, response, algorithm, session, opaque: params.get('opaque'), protection };
}

function protectionOf(params: ReadonlyMap<string, string>): DigestCredentials['protection'] | 'faulty' {
  const qop = params.get('qop');
  if (qop === undefined) return undefined;
  const nonceCount = params.get('nc');
  const cnonce = params.get('cnonce');
  // auth-int is never offered here, so nobody may answer with it.
  if (qop.toLowerCase() !== 'auth' || cnonce === undefined) return 'faulty';
  if (nonceCount === undefined || !isHex(nonceCount, 8)) return 'faulty';
  return { qop: 'auth', nonceCount, count: Number.parseInt(nonceCount, 16), cnonce };
}

function algorithmOf(text = 'MD5'): Algorithm | undefined {
  const upper = text.toUpperCase();
  const session = upper.endsWith('-SESS');
  const name = session ? upper.slice(0, -'-SESS'.length) : upper;
  const algorithm = DIGEST_ALGORITHMS.find((known) => known === name);
  return algorithm && { algorithm, session };
}

function isHex(text: string, atMost: number): boolean {
  if (text.length === 0 || text.length > atMost) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i) | 0x20;
    if (!(code >= 0x30 && code <= 0x39) && !(code >= 0x61 && code <= 0x66)) return false;
  }
  return true;
}

interface Scheme {
  /** lower case */
  scheme: string;
  params: Map<string, string>;
  /** where the next scheme begins, or the end of the text */
  end: number;
}

/** One `scheme name=value, name="value"`; undefined: faulty, or a name comes twice. */
function readScheme(text: string, start: number): Scheme | undefined {
  let at = skipSpace(text, start);
  const schemeEnd = wordEnd(text, at);
  const scheme = text.slice(at, schemeEnd).toLowerCase();
  at = skipSpace(text, schemeEnd);
  if (at === schemeEnd || !isToken(scheme)) return undefined;
  const params = new Map<string, string>();
  for (;;) {
    const nameEnd = wordEnd(text, at);
    const name = text.slice(at, nameEnd).toLowerCase();
    const equals = skipSpace(text, nameEnd);
    // A word with no `=` behind it is the next scheme.
    if (text.charCodeAt(equals) !== 0x3d) {
      return equals > nameEnd && params.size > 0 ? { scheme, params, end: at } : undefined;
    }
    const valueAt = skipSpace(text, equals + 1);
    const valueEnd = text.charCodeAt(valueAt) === 0x22 ? quotedEnd(text, valueAt) : wordEnd(text, valueAt, true);
    if (valueEnd <= valueAt || !isToken(name) || params.has(name) || params.size >= MAX_AUTH_PARAMS) return undefined;
    params.set(name, unquote(text.slice(valueAt, valueEnd)));
    at = skipSpace(text, valueEnd);
    if (at >= text.length) return { scheme, params, end: text.length };
    if (text.charCodeAt(at) !== 0x2c) return undefined;
    while (text.charCodeAt(at) === 0x2c) at = skipSpace(text, at + 1);
    if (at >= text.length) return { scheme, params, end: text.length };
  }
}

/** Credentials of other schemes need not have parameters: `Bearer eyJ…`. */
function isOtherScheme(text: string): boolean {
  const scheme = text.slice(0, wordEnd(text, 0));
  return isToken(scheme) && scheme.toLowerCase() !== 'digest';
}

function skipSpace(text: string, at: number): number {
  while (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09) at += 1;
  return at;
}

/** The end of what has no space, comma or quote in it, and no `=` unless it is a value. */
function wordEnd(text: string, at: number, isValue = false): number {
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x20 || code === 0x09 || code === 0x2c || code === 0x22 || (code === 0x3d && !isValue)) break;
  }
  return at;
}

/** Behind the closing quote; -1: there is none. */
function quotedEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) return i + 1;
    if (code === 0x5c) i += 1;
  }
  return -1;
}

/** A challenge to send; `qop` is auth. */
export function formatChallenge(algorithm: DigestAlgorithm, realm: string, nonce: string, stale: boolean): string {
  const rest = stale ? ', stale=true' : '';
  return `Digest realm=${quote(realm)}, nonce=${quote(nonce)}, algorithm=${algorithm}, qop="auth"${rest}`;
}

/** Credentials to send (RFC 7616 3.4): algorithm, qop and nc without quotes. */
export function formatCredentials(credentials: DigestCredentials): string {
  const { username, realm, nonce, uri, response, algorithm, session, opaque, protection } = credentials;
  let text = `Digest username=${quote(username)}, realm=${quote(realm)}, nonce=${quote(nonce)}, uri=${quote(uri)}`;
  text += `, response="${response}"`;
  if (algorithm !== undefined) text += `, algorithm=${algorithm}${session ? '-sess' : ''}`;
  if (opaque !== undefined) text += `, opaque=${quote(opaque)}`;
  if (protection === undefined) return text;
  return `${text}, qop=auth, nc=${protection.nonceCount}, cnonce=${quote(protection.cnonce)}`;
}
