import { describe, expect, it } from 'vitest';
import { readServiceCode } from '../../daemon/src/agents/service-codes.js';

describe('service codes', () => {
  it.each([
    ['*112001#', { verb: 'signIn', agentId: '2001' }],
    ['*12#', { verb: 'signOut' }],
    ['*13#', { verb: 'ready' }],
    ['*143#', { verb: 'notReady', reason: '3' }],
    ['*14#', { verb: 'notReady', reason: '' }],
    ['*11200*112002#', { verb: 'signIn', agentId: '2002' }],
    ['12*13#', { verb: 'ready' }],
  ])('%s is a code', (dialled, code) => {
    expect(readServiceCode(dialled)).toEqual({ kind: 'code', code });
  });

  it.each(['', '*', '*1', '*11', '*1120', '*12', '*14', '*1412', '*11200*'])('%s may become one', (dialled) => {
    expect(readServiceCode(dialled)).toEqual({ kind: 'open' });
  });

  it.each(['1', '#', '*2', '*11#', '*121', '*13A', '*15', `*11${'1'.repeat(17)}`])('%s is none', (dialled) => {
    expect(readServiceCode(dialled)).toEqual({ kind: 'unknown' });
  });
});
