// What E1s of ISDN and analog ports are set to, as the engine is given it.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../daemon/src/config/index.js';
import { engineConfig } from '../../daemon/src/engine/index.js';
import { isAppError } from '../../daemon/src/platform/index.js';

function configOf(settings: object): ReturnType<typeof loadConfig> {
  const home = mkdtempSync(join(tmpdir(), 'cordboard-lines-'));
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ version: 3, ...settings }));
  return loadConfig({ home, env: {} });
}

function refusal(settings: object): string {
  try {
    configOf(settings);
  } catch (error) {
    return isAppError(error) ? error.code : String(error);
  }
  return 'none';
}

describe('E1s of ISDN', () => {
  it('have the same settings at the exchange, which shares its own D-channel', () => {
    const { spans } = engineConfig(
      configOf({
        virtual: { spans: 2 },
        e1: [
          { span: 1, pri: { overlap: true, interfaceId: 1, t309Ms: 30_000 } },
          { span: 2, pri: { dchannelOf: 1, interfaceId: 2, backup: true } },
        ],
      }),
    );
    const byNumber = new Map(spans.map((span) => [span.span, span]));
    expect(byNumber.get(1)).toMatchObject({ t309Ms: 30_000, pri: { overlap: true, interfaceId: 1 } });
    expect(byNumber.get(101)).toMatchObject({ t309Ms: 30_000, pri: { overlap: true, interfaceId: 1 } });
    expect(byNumber.get(2)?.pri).toEqual({ dchannelOf: 1, interfaceId: 2, backup: true });
    expect(byNumber.get(102)?.pri).toEqual({ dchannelOf: 101, interfaceId: 2, backup: true, joins: true });
    expect(byNumber.get(1)).not.toHaveProperty('t203Ms');
  });

  it('are refused what no timer can be', () => {
    expect(refusal({ e1: [{ span: 1, pri: { t309Ms: 10 } }] })).toBe('settings_invalid');
    expect(refusal({ e1: [{ span: 1, pri: { protocol: 'dss1' } }] })).toBe('settings_invalid');
  });
});

describe('analog ports', () => {
  it('are as the country has them, but for what is chosen', () => {
    const { analogs } = engineConfig(
      configOf({
        country: 'cn',
        virtual: { stations: 3 },
        analogs: [
          { analog: 2, callerId: 'country', line: { ringMinMs: 350 }, station: { disconnectMs: 0 } },
          { analog: 3, callerId: 'dtmf', releaseOnBusy: true },
        ],
      }),
    );
    const byNumber = new Map(analogs.map((port) => [port.analog, port]));
    expect(byNumber.get(1)).not.toHaveProperty('callerId');
    expect(byNumber.get(1)?.line).toMatchObject({ ringMinMs: 200 });
    expect(byNumber.get(2)).toMatchObject({
      callerId: 'bell202',
      line: { ringMinMs: 350, breakMs: 60 },
      station: { disconnectMs: 0 },
    });
    expect(byNumber.get(3)).toMatchObject({ callerId: 'dtmf', releaseOnBusy: true });
  });

  it('are named once', () => {
    expect(refusal({ analogs: [{ analog: 1 }, { analog: 1 }] })).toBe('settings_invalid');
  });
});
