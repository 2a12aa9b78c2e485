// R2 protocols of countries, and which E1s speak them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { knownR2, loadConfig, readE1s, readR2 } from '../../daemon/src/config/index.js';
import { engineConfig } from '../../daemon/src/engine/index.js';
import { AppError } from '../../daemon/src/platform/index.js';

const SHIPPED = fileURLToPath(new URL('../../firmware-config/r2', import.meta.url));

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'cordboard-r2-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function problemOf(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('R2 protocols', () => {
  it('are shipped for eleven countries, each readable', () => {
    expect(knownR2(SHIPPED)).toEqual(['ar', 'br', 'cn', 'co', 'cz', 'ec', 'id', 'itu', 'mx', 've', 'ph'].sort());
    for (const code of knownR2(SHIPPED)) expect(readR2(code, SHIPPED).variant).toBe(code.toUpperCase());
  });

  it('say for China how category and calling number are asked for', () => {
    const china = readR2('cn', SHIPPED);
    expect(china).toMatchObject({ variant: 'CN', subscriberSignal: 3, vacantSignal: 5, congestionSignal: 4 });
    expect(china.definitions).toContain('mf_ga_tones.request_category_and_change_to_gc=6\n');
    expect(china.definitions).not.toContain('timers');
  });

  it('name the file and the field that does not fit', () => {
    const made = folder();
    writeFileSync(join(made, 'xx.json'), '{"code":"xx","name":{"en":"X","zh":"X"},"variant":"XX","signals":{"a":"1"}}');
    expect(problemOf(() => readR2('xx', made)).code).toBe('r2_protocol_invalid');
    const missing = problemOf(() => readR2('yy', made));
    expect(missing.text('en')).toMatch(/^There is no R2 protocol yy in .*; there are: xx\.$/);
    expect(missing.text('zh-CN')).toContain('没有 R2 信令规范 yy');
  });

  it('reach both ends of the cable, with what the box chooses otherwise', () => {
    const home = folder();
    const e1 = [{ span: 1, signalling: 'r2', r2: { calledDigits: 5, doubleAnswer: true } }];
    writeFileSync(join(home, 'settings.json'), JSON.stringify({ version: 3, virtual: { spans: 2 }, e1 }));
    const config = loadConfig({ home, env: {} });
    const { spans } = engineConfig(config);
    expect(spans.map(({ span, signalling = 'pri' }) => [span, signalling])).toEqual([
      [1, 'r2'],
      [101, 'r2'],
      [2, 'pri'],
      [102, 'pri'],
    ]);
    expect(spans[0]?.r2).toMatchObject({ variant: 'CN', calledDigits: 5, doubleAnswer: true, subscriberSignal: 3 });
    expect(spans[1]?.r2).toMatchObject({ variant: 'CN', calledDigits: 20, doubleAnswer: true });
  });

  it('are of one E1 once', () => {
    const one = { span: 1, signalling: 'r2' as const, r2: { protocol: 'itu' }, ss7: { linkSet: '', firstCircuit: 1 } };
    expect(readE1s([one], SHIPPED).get(1)?.r2?.variant).toBe('ITU');
    const home = folder();
    writeFileSync(join(home, 'settings.json'), JSON.stringify({ version: 3, e1: [one, one] }));
    expect(problemOf(() => loadConfig({ home, env: {} })).code).toBe('settings_invalid');
  });
});
