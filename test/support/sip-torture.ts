// The 49 messages of RFC 4475 and what must become of each: in the parser, and in a user agent server that gets it over UDP or TCP.
import type { ParseFailure } from '../../daemon/src/sip/message/index.js';
import * as invalid from './sip-torture-invalid.js';
import * as semantics from './sip-torture-semantics.js';
import * as valid from './sip-torture-valid.js';

/**
 * What a user agent server answers. A number: this status. 'normal': whatever it says to such a request in a usual form, so neither
 * 400 nor 5xx, and a request that needs a challenge gets one. 'none': nothing at all.
 */
export type TortureAnswer = number | 'normal' | 'none';

export interface TortureMessage {
  /** of the message in RFC 4475 */
  name: string;
  /** clause of RFC 4475 */
  section: string;
  bytes: Buffer;
  /** what parseMessage makes of it as a datagram; a number: the status of its failure; undefined as request of it: see `answer` */
  parse: 'request' | 'response' | ParseFailure['status'];
  answer: {
    udp: TortureAnswer;
    /** left out: as over udp */
    tcp?: TortureAnswer;
    /** why TCP differs, or what else the RFC allows */
    note?: string;
  };
}

function entry(
  section: string,
  name: string,
  bytes: Buffer,
  parse: TortureMessage['parse'],
  udp: TortureAnswer,
  more: Omit<TortureMessage['answer'], 'udp'> = {},
): TortureMessage {
  return { name, section, bytes, parse, answer: { udp, ...more } };
}

export const tortureMessages: readonly TortureMessage[] = [
  entry('3.1.1.1', 'wsinv', valid.wsinv, 'request', 'normal'),
  entry('3.1.1.2', 'intmeth', valid.intmeth, 'request', 501, { note: 'with Allow; 405 is as good' }),
  entry('3.1.1.3', 'esc01', valid.esc01, 'request', 'normal'),
  entry('3.1.1.4', 'escnull', valid.escnull, 'request', 'normal'),
  entry('3.1.1.5', 'esc02', valid.esc02, 'request', 501, { note: 'the method is not REGISTER; 405 is as good' }),
  entry('3.1.1.6', 'lwsdisp', valid.lwsdisp, 'request', 'normal'),
  entry('3.1.1.7', 'longreq', valid.longreq, 'request', 'normal'),
  entry('3.1.1.8', 'dblreq', valid.dblreq, 'request', 'normal', {
    note: 'over TCP the INVITE behind it is answered too, then the stream is broken',
  }),
  entry('3.1.1.9', 'semiuri', valid.semiuri, 'request', 'normal'),
  entry('3.1.1.10', 'transports', valid.transports, 'request', 'normal'),
  entry('3.1.1.11', 'mpart01', valid.mpart01, 'request', 'normal', {
    note: '415 where no MESSAGE of this type is taken',
  }),
  entry('3.1.1.12', 'unreason', valid.unreason, 'response', 'none'),
  entry('3.1.1.13', 'noreason', valid.noreason, 'response', 'none'),
  entry('3.1.2.1', 'badinv01', invalid.badinv01, 400, 400),
  entry('3.1.2.2', 'clerr', invalid.clerr, 400, 400, { tcp: 'none', note: 'a stream waits for the rest' }),
  entry('3.1.2.3', 'ncl', invalid.ncl, 400, 400, { note: 'a stream is closed afterwards' }),
  entry('3.1.2.4', 'scalar02', invalid.scalar02, 400, 400),
  entry('3.1.2.5', 'scalarlg', invalid.scalarlg, 400, 'none'),
  entry('3.1.2.6', 'quotbal', invalid.quotbal, 400, 400),
  entry('3.1.2.7', 'ltgtruri', invalid.ltgtruri, 400, 400),
  entry('3.1.2.8', 'lwsruri', invalid.lwsruri, 400, 400),
  entry('3.1.2.9', 'lwsstart', invalid.lwsstart, 400, 400),
  entry('3.1.2.10', 'trws', invalid.trws, 400, 400),
  entry('3.1.2.11', 'escruri', invalid.escruri, 400, 400),
  entry('3.1.2.12', 'baddate', invalid.baddate, 'request', 'normal', {
    note: '400 is allowed; nobody reads that Date',
  }),
  entry('3.1.2.13', 'regbadct', invalid.regbadct, 400, 400),
  entry('3.1.2.14', 'badaspec', invalid.badaspec, 400, 400),
  entry('3.1.2.15', 'baddn', invalid.baddn, 'request', 'normal', {
    note: '400 is allowed; the missing quotes are understood',
  }),
  entry('3.1.2.16', 'badvers', invalid.badvers, 505, 505),
  entry('3.1.2.17', 'mismatch01', invalid.mismatch01, 400, 400),
  entry('3.1.2.18', 'mismatch02', invalid.mismatch02, 400, 400, { note: '501 is as good' }),
  entry('3.1.2.19', 'bigcode', invalid.bigcode, 400, 'none'),
  entry('3.2.1', 'badbranch', semantics.badbranch, 'request', 'normal', { note: 'matched as RFC 2543 did' }),
  entry('3.3.1', 'insuf', semantics.insuf, 400, 400),
  entry('3.3.2', 'unkscm', semantics.unkscm, 'request', 416),
  entry('3.3.3', 'novelsc', semantics.novelsc, 'request', 416),
  entry('3.3.4', 'unksm2', semantics.unksm2, 'request', 400, { note: 'by the registrar: To is no SIP URI' }),
  entry('3.3.5', 'bext01', semantics.bext01, 'request', 420, { note: 'with Unsupported' }),
  entry('3.3.6', 'invut', semantics.invut, 'request', 415, { note: 'with Accept' }),
  entry('3.3.7', 'regaut01', semantics.regaut01, 'request', 401, { note: 'as if there was no Authorization' }),
  entry('3.3.8', 'multi01', semantics.multi01, 400, 400),
  entry('3.3.9', 'mcl01', semantics.mcl01, 400, 400, { note: 'a stream is closed afterwards' }),
  entry('3.3.10', 'bcast', semantics.bcast, 'response', 'none'),
  entry('3.3.11', 'zeromf', semantics.zeromf, 'request', 'normal', { note: '483 where it would have to be sent on' }),
  entry('3.3.12', 'cparam01', semantics.cparam01, 'request', 'normal'),
  entry('3.3.13', 'cparam02', semantics.cparam02, 'request', 'normal'),
  entry('3.3.14', 'regescrt', semantics.regescrt, 'request', 'normal'),
  entry('3.3.15', 'sdp01', semantics.sdp01, 'request', 406),
  entry('3.4.1', 'inv2543', semantics.inv2543, 'request', 'normal', {
    tcp: 400,
    note: 'a stream needs a Content-Length',
  }),
];
