// Link sets of No. 7 in the settings.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig, parsePointCode, pointCodeText } from '../../daemon/src/config/index.js';
import { engineConfig } from '../../daemon/src/engine/index.js';
import { AppError } from '../../daemon/src/platform/index.js';

const SET = { name: 'Telecom', pointCode: '23-2-3', destination: '23-10-1', links: [{ span: 1 }] };
const E1 = { span: 1, signalling: 'ss7', ss7: { linkSet: 'Telecom' } };

function load(settings: object): ReturnType<typeof loadConfig> {
  const home = mkdtempSync(join(tmpdir(), 'cordboard-ss7-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ version: 3, virtual: { spans: 2 }, ...settings }));
  return loadConfig({ home, env: {} });
}

function refusal(settings: object): string {
  try {
    load(settings);
  } catch (error) {
    if (error instanceof AppError) return error.text('en');
    throw error;
  }
  return '';
}

describe('point codes', () => {
  it('are read in the parts of their variant, or as one number', () => {
    expect(parsePointCode('23-10-1', 'china')).toBe(0x170a01);
    expect(parsePointCode('2-125-1', 'itu')).toBe((2 << 11) + (125 << 3) + 1);
    expect(parsePointCode('1001', 'itu')).toBe(1001);
    for (const wrong of ['0', '0-0-0', '8-0-1', '1-256-1', '16384', '1-1'])
      expect(parsePointCode(wrong, 'itu')).toBeUndefined();
    expect(parsePointCode('23-256-1', 'china')).toBeUndefined();
    for (const [text, variant] of [
      ['23-10-1', 'china'],
      ['2-125-1', 'itu'],
    ] as const)
      expect(pointCodeText(parsePointCode(text, variant)!, variant)).toBe(text);
  });
});

describe('link sets', () => {
  it('reach both ends of the cable, turned round', () => {
    const config = load({ linkSets: [SET], e1: [E1] });
    const { spans, linkSets } = engineConfig(config);
    expect(spans.map(({ span, signalling = 'pri', ss7 }) => [span, signalling, ss7?.linkSet])).toEqual([
      [1, 'ss7', 1],
      [101, 'ss7', 101],
      [2, 'pri', undefined],
      [102, 'pri', undefined],
    ]);
    expect(linkSets).toMatchObject([
      { linkSet: 1, variant: 'china', networkIndicator: 2, pointCode: 0x170203, destination: 0x170a01 },
      { linkSet: 101, pointCode: 0x170a01, destination: 0x170203, links: [{ span: 101, timeslot: 16, code: 0 }] },
    ]);
  });

  it('are refused when they do not go together', () => {
    expect(refusal({ linkSets: [SET], e1: [{ ...E1, ss7: { linkSet: 'Telekom' } }] })).toContain('e1.0.ss7.linkSet');
    expect(refusal({ linkSets: [SET] })).toContain('linkSets.0');
    expect(refusal({ linkSets: [{ ...SET, destination: '23-2-3' }], e1: [E1] })).toContain('destination');
    expect(refusal({ linkSets: [{ ...SET, variant: 'itu' }], e1: [E1] })).toContain('pointCode');
    expect(refusal({ linkSets: [SET], e1: [E1, { ...E1, span: 2 }] })).toContain('e1.1.ss7.firstCircuit');
    expect(refusal({ linkSets: [{ ...SET, links: [{ span: 1 }, { span: 2 }] }], e1: [E1] })).toContain(
      'linkSets.0.links',
    );
  });
});
