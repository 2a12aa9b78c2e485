// The event packages: message-summary (RFC 3842), dialog (RFC 4235), presence (RFC 3856 with RFC 3863), reg (RFC 3680). Each
// notification carries the whole state.
import { MAX_SHOWN_CALLS, MAX_SHOWN_CONTACTS } from './limits.js';
import type { EventPackage } from './types.js';
import { XML_HEAD, attributes, escapeXml } from './xml.js';

/** Where a package gets its state from. */
export interface PackageSource<State> {
  /** undefined: there is no such resource */
  state: (resource: string) => State | undefined;
  /** undefined: every account may watch every resource */
  allows?: ((account: string, resource: string) => boolean) | undefined;
}

interface PackageShape<State> {
  name: string;
  contentType: string;
  defaultExpiresS: number;
  write: (resource: string, state: State, version: number) => string;
}

function eventPackage<State>(shape: PackageShape<State>, source: PackageSource<State>): EventPackage {
  const { name, contentType, defaultExpiresS, write } = shape;
  return {
    name,
    contentType,
    defaultExpiresS,
    allows: (account, resource) => source.allows?.(account, resource) ?? true,
    document: (resource, version) => {
      const state = source.state(resource);
      return state === undefined ? undefined : write(resource, state, version);
    },
  };
}

/** Messages of one class in a mailbox. */
export interface MessageCounts {
  fresh: number;
  old: number;
  /** of them urgent; undefined: nobody counts them */
  urgent?: { fresh: number; old: number } | undefined;
}

export interface MailboxState {
  voice: MessageCounts;
  fax?: MessageCounts | undefined;
  /** URI to call for them; undefined: the resource itself */
  account?: string | undefined;
}

export function messageSummary(resource: string, { voice, fax, account = resource }: MailboxState): string {
  const line = (name: string, { fresh, old, urgent }: MessageCounts): string =>
    `${name}: ${fresh}/${old}${urgent === undefined ? '' : ` (${urgent.fresh}/${urgent.old})`}\r\n`;
  const waiting = voice.fresh > 0 || (fax?.fresh ?? 0) > 0;
  const head = `Messages-Waiting: ${waiting ? 'yes' : 'no'}\r\nMessage-Account: ${account.replace(/\p{Control}/gu, ' ')}\r\n`;
  return head + line('Voice-Message', voice) + (fax === undefined ? '' : line('Fax-Message', fax));
}

export function messageSummaryPackage(source: PackageSource<MailboxState>): EventPackage {
  const shape = { name: 'message-summary', contentType: 'application/simple-message-summary', defaultExpiresS: 3600 };
  return eventPackage({ ...shape, write: messageSummary }, source);
}

/** A call of a station, as lamps show it. */
export interface DialogCall {
  id: string;
  /** initiator: the station called */
  direction: 'initiator' | 'recipient';
  state: 'trying' | 'proceeding' | 'early' | 'confirmed';
  /** undefined: it is nobody's business */
  remote?: { uri: string; name?: string | undefined } | undefined;
  /** undefined: nobody may pick it up with Replaces */
  dialog?: { callId: string; localTag: string; remoteTag: string } | undefined;
}

export interface DialogInfo {
  /** number or name; what stands for its calls when there are none */
  station: string;
  calls: readonly DialogCall[];
}

export function dialogInfo(resource: string, { station, calls }: DialogInfo, version: number): string {
  const head = attributes({ xmlns: 'urn:ietf:params:xml:ns:dialog-info', version, state: 'full', entity: resource });
  // Many telephones put a lamp out only when they are told that a dialog has ended, and not when there is none any more.
  const shown =
    calls.length === 0
      ? `  <dialog${attributes({ id: station })}>\n    <state>terminated</state>\n  </dialog>\n`
      : calls
          .slice(0, MAX_SHOWN_CALLS)
          .map((call) => dialogElement(resource, call))
          .join('');
  return `${XML_HEAD}<dialog-info${head}>\n${shown}</dialog-info>\n`;
}

function dialogElement(resource: string, { id, direction, state, remote, dialog }: DialogCall): string {
  const tags = { 'call-id': dialog?.callId, 'local-tag': dialog?.localTag, 'remote-tag': dialog?.remoteTag };
  const party = (name: string, uri: string, display?: string): string =>
    `    <${name}>\n      <identity${attributes({ display })}>${escapeXml(uri)}</identity>\n` +
    `      <target${attributes({ uri })}/>\n    </${name}>\n`;
  return (
    `  <dialog${attributes({ id, ...tags, direction })}>\n    <state>${state}</state>\n` +
    party('local', resource) +
    (remote === undefined ? '' : party('remote', remote.uri, remote.name)) +
    '  </dialog>\n'
  );
}

export function dialogPackage(source: PackageSource<DialogInfo>): EventPackage {
  const shape = { name: 'dialog', contentType: 'application/dialog-info+xml', defaultExpiresS: 3600 };
  return eventPackage({ ...shape, write: dialogInfo }, source);
}

export interface PresenceState {
  /** open: can be reached */
  basic: 'open' | 'closed';
  /** URI; undefined: the resource itself */
  contact?: string | undefined;
  note?: string | undefined;
  /** wall clock, ms; when it became so */
  sinceMs?: number | undefined;
}

export function pidf(resource: string, { basic, contact = resource, note, sinceMs }: PresenceState): string {
  const head = attributes({ xmlns: 'urn:ietf:params:xml:ns:pidf', entity: resource });
  return (
    `${XML_HEAD}<presence${head}>\n  <tuple id="t1">\n    <status>\n      <basic>${basic}</basic>\n    </status>\n` +
    `    <contact>${escapeXml(contact)}</contact>\n` +
    (note === undefined ? '' : `    <note>${escapeXml(note)}</note>\n`) +
    (sinceMs === undefined ? '' : `    <timestamp>${new Date(sinceMs).toISOString()}</timestamp>\n`) +
    '  </tuple>\n</presence>\n'
  );
}

export function presencePackage(source: PackageSource<PresenceState>): EventPackage {
  const shape = { name: 'presence', contentType: 'application/pidf+xml', defaultExpiresS: 3600 };
  return eventPackage({ ...shape, write: pidf }, source);
}

/** A contact as reginfo shows it. */
export interface RegisteredContact {
  id: string;
  uri: string;
  /** what happened to it last */
  event: 'registered' | 'created' | 'refreshed' | 'expired' | 'unregistered' | 'deactivated';
  /** false: it is no more */
  active: boolean;
  expiresS?: number | undefined;
  /** 0 to 1 */
  q?: number | undefined;
}

export interface RegistrationInfo {
  id: string;
  contacts: readonly RegisteredContact[];
}

export function regInfo(resource: string, { id, contacts }: RegistrationInfo, version: number): string {
  const head = attributes({ xmlns: 'urn:ietf:params:xml:ns:reginfo', version, state: 'full' });
  const state = contacts.some(({ active }) => active) ? 'active' : contacts.length > 0 ? 'terminated' : 'init';
  const shown = contacts.slice(0, MAX_SHOWN_CONTACTS).map((contact) => {
    const { event, expiresS: expires, q } = contact;
    const values = { id: contact.id, state: contact.active ? 'active' : 'terminated', event, expires, q };
    return `    <contact${attributes(values)}>\n      <uri>${escapeXml(contact.uri)}</uri>\n    </contact>\n`;
  });
  const registration = `  <registration${attributes({ aor: resource, id, state })}>\n${shown.join('')}  </registration>\n`;
  return `${XML_HEAD}<reginfo${head}>\n${registration}</reginfo>\n`;
}

/** RFC 3680 4.4 has its own default, so that it does not fall together with the refresh of a registration. */
export function regPackage(source: PackageSource<RegistrationInfo>): EventPackage {
  return eventPackage(
    { name: 'reg', contentType: 'application/reginfo+xml', defaultExpiresS: 3761, write: regInfo },
    source,
  );
}
