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
    ['*81002#', { verb: 'pickUp', number: '1002' }],
    ['*8#', { verb: 'pickUp', number: '' }],
    ['*13*81002#', { verb: 'pickUp', number: '1002' }],
    ['*97', { verb: 'program', number: '*97' }],
    ['*43', { verb: 'program', number: '*43' }],
    ['*987001#', { verb: 'program', number: '*987001' }],
    ['*112001*4321#', { verb: 'signIn', agentId: '2001', pin: '4321' }],
    ['*112001*12#', { verb: 'signOut' }],
    ['*66#', { verb: 'redial' }],
    ['*007#', { verb: 'speedDial', slot: '07' }],
  ])('%s is a code', (dialled, code) => {
    expect(readServiceCode(dialled, '*8')).toEqual({ kind: 'code', code });
  });

  it.each(['', '*', '*1', '*11', '*1120', '*12', '*14', '*1412', '*11200*', '*11200*43', '*6', '*9', '*4', '*00'])(
    '%s may become one',
    (dialled) => {
      expect(readServiceCode(dialled, '*8')).toEqual({ kind: 'open' });
    },
  );

  it.each([
    '1',
    '#',
    '*2',
    '*11#',
    '*121',
    '*13A',
    '*15',
    '*8A',
    '*98#',
    '*96',
    '*07#',
    '*0077#',
    `*8${'1'.repeat(17)}`,
    `*11${'1'.repeat(17)}`,
  ])('%s is none', (dialled) => {
    expect(readServiceCode(dialled, '*8')).toEqual({ kind: 'unknown' });
  });

  it('one for picking up is complete without #', () => {
    expect(readServiceCode('*8', '*8')).toEqual({ kind: 'open', asIs: { verb: 'pickUp', number: '' } });
    expect(readServiceCode('*8100', '*8')).toEqual({ kind: 'open', asIs: { verb: 'pickUp', number: '100' } });
  });

  it('the one for picking up may be another, or none', () => {
    expect(readServiceCode('*881002#', '*88')).toEqual({ kind: 'code', code: { verb: 'pickUp', number: '1002' } });
    expect(readServiceCode('*8', '*88')).toEqual({ kind: 'open' });
    expect(readServiceCode('*81002#', '*88')).toEqual({ kind: 'unknown' });
    expect(readServiceCode('*8', '')).toEqual({ kind: 'unknown' });
    expect(readServiceCode('*12#', '')).toEqual({ kind: 'code', code: { verb: 'signOut' } });
  });
});
