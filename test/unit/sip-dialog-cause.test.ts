// Causes of Q.850 and SIP status codes (RFC 3398), and the Reason header (RFC 3326).
import { describe, expect, it } from 'vitest';
import {
  causeOfStatus,
  parseReasons,
  q850Cause,
  q850Reason,
  statusOfCause,
} from '../../daemon/src/sip/dialog/index.js';
import { newRequest } from '../../daemon/src/sip/message/index.js';

describe('causes', () => {
  it.each([
    [404, 1],
    [408, 102],
    [410, 22],
    [480, 18],
    [484, 28],
    [486, 17],
    [487, 16],
    [488, 88],
    [500, 41],
    [502, 38],
    [600, 17],
    [603, 21],
    [599, 127],
  ])('of status %i: %i', (status, cause) => {
    expect(causeOfStatus(status)).toBe(cause);
  });

  it.each([
    [1, 404],
    [16, 480],
    [17, 486],
    [18, 408],
    [21, 403],
    [28, 484],
    [34, 503],
    [88, 488],
    [102, 504],
    [127, 500],
    [99, 500],
  ])('%i as status: %i', (cause, status) => {
    expect(statusOfCause(cause)).toBe(status);
  });

  it('survive the way there and back where both tables have them', () => {
    for (const cause of [1, 17, 22, 28, 38, 41, 79, 88, 102]) {
      const back = causeOfStatus(statusOfCause(cause));
      // 503 stands for several.
      expect([cause, 41]).toContain(back);
    }
  });

  it('are read from Reason headers', () => {
    const message = (...reasons: string[]) =>
      newRequest({ method: 'BYE', uri: 'sip:x', headers: reasons.map((reason) => ['Reason', reason] as const) });
    expect(q850Cause(message('SIP;cause=200', 'q.850;cause=17'))).toBe(17);
    expect(q850Cause(message('SIP;cause=486;text="a,b", Q.850;cause=16'))).toBe(16);
    for (const reason of ['SIP;cause=200', 'Q.850', 'Q.850;cause=0', 'Q.850;cause=128', 'Q.850;cause=x']) {
      expect(q850Cause(message(reason))).toBeUndefined();
    }
    expect(parseReasons(message(q850Reason(31, 'x "y"')))).toEqual([{ protocol: 'Q.850', cause: 31, text: 'x "y"' }]);
  });
});
