// The way to the engine: promises for commands, events in their order.
import { describe, expect, it } from 'vitest';
import type { EngineConfig, EngineMessage } from '@cordboard/native';
import { EngineRefusal, NativeEngineClient, type RawEngine } from '../../daemon/src/engine/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { ScriptedEngine } from '../support/scripted-engine.js';
import { turn } from '../support/turns.js';

/** A client whose engine does nothing; the test delivers. */
function bare() {
  let deliver: (batch: EngineMessage[]) => void = () => undefined;
  const submitted: number[] = [];
  class Raw implements RawEngine {
    constructor(_config: EngineConfig, given: (batch: EngineMessage[]) => void) {
      deliver = given;
    }
    submit(id: number): void {
      submitted.push(id);
    }
    close(): Promise<void> {
      deliver([{ event: 'leg.released', data: { leg: 9, cause: 41, by: 'fault' } }]);
      return Promise.resolve();
    }
  }
  const client = new NativeEngineClient(Raw, {} as EngineConfig, silentLog);
  return { client, submitted, deliver: (batch: EngineMessage[]) => deliver(batch) };
}

describe('a command', () => {
  it('resolves with its reply, whatever the order of replies', async () => {
    const { client, deliver } = bare();
    const first = client.command('leg.seize', { analog: 1 });
    const second = client.command('leg.seize', { analog: 2 });
    deliver([
      { re: 2, ok: { leg: 22, port: 2, timeslot: 0 } },
      { re: 1, ok: { leg: 11, port: 1, timeslot: 0 } },
    ]);
    expect([(await first).leg, (await second).leg]).toEqual([11, 22]);
  });

  it("rejects with the engine's code and text", async () => {
    const { client, deliver } = bare();
    const answered = client.command('leg.answer', { leg: 5 });
    deliver([{ re: 1, error: { code: 'wrong_state', text: 'leg 5 is idle' } }]);
    await expect(answered).rejects.toMatchObject({
      code: 'engine_refused',
      engineCode: 'wrong_state',
      message: 'The engine refused leg.answer: leg 5 is idle.',
    });
  });

  it('rejects when the engine does not take it', async () => {
    const engine = new ScriptedEngine();
    engine.closed = true;
    await expect(engine.client.command('leg.answer', { leg: 5 })).rejects.toMatchObject({ code: 'engine_closed' });
  });

  it('is refused after close, and rejected when close overtakes it', async () => {
    const { client } = bare();
    const waiting = client.command('leg.answer', { leg: 5 });
    const refused = expect(waiting).rejects.toMatchObject({ code: 'engine_closed' });
    await client.close();
    await refused;
    expect(client.closed).toBe(true);
    await expect(client.command('leg.answer', { leg: 5 })).rejects.toMatchObject({ code: 'engine_closed' });
  });
});

describe('events', () => {
  it('come after whoever waited for the reply before them has run', async () => {
    const { client, deliver } = bare();
    const order: string[] = [];
    client.events.on('leg.answered', ({ leg }) => void order.push(`answered ${leg}`));
    const seized = (async () => {
      const { leg } = await (async () => client.command('leg.seize', { analog: 1 }))();
      order.push(`seized ${leg}`);
    })();
    deliver([
      { re: 1, ok: { leg: 7, port: 1, timeslot: 0 } },
      { event: 'leg.answered', data: { leg: 7, port: 1 } },
    ]);
    deliver([{ event: 'leg.answered', data: { leg: 8, port: 1 } }]);
    await seized;
    await turn();
    expect(order).toEqual(['seized 7', 'answered 7', 'answered 8']);
  });

  it('are delivered at once when no reply is before them', () => {
    const { client, deliver } = bare();
    const legs: number[] = [];
    client.events.on('leg.flashed', ({ leg }) => void legs.push(leg));
    deliver([1, 2, 3].map((leg) => ({ event: 'leg.flashed', data: { leg } })));
    expect(legs).toEqual([1, 2, 3]);
  });

  it('of the close are published before close resolves', async () => {
    const { client } = bare();
    let released = 0;
    client.events.on('leg.released', ({ leg }) => void (released = leg));
    await client.close();
    expect(released).toBe(9);
  });
});

it('a configuration that the engine refuses is a refusal', () => {
  class Raw {
    constructor() {
      throw Object.assign(new Error('span 1 is there twice'), { code: 'invalid' });
    }
    submit(): void {}
    close(): Promise<void> {
      return Promise.resolve();
    }
  }
  expect(() => new NativeEngineClient(Raw, {} as EngineConfig, silentLog)).toThrow(EngineRefusal);
});
