// A stand-in of the SIP stack: notes what it is told, answers as a test says, and makes up what peers do.
import { TypedEmitter, type EventSource } from '../../daemon/src/platform/index.js';
import type { Stack } from '../../daemon/src/sip/sip-lines.js';
import { StackRefusal, type StackCommands, type StackEvents } from '../../daemon/src/sip/stack/index.js';

type Name = keyof StackCommands;

export class ScriptedStack implements Stack {
  readonly told: { command: Name; params: unknown }[] = [];
  readonly #events = new TypedEmitter<StackEvents>();
  readonly #refusals = new Map<Name, StackRefusal>();
  #calls = 0;

  get events(): EventSource<StackEvents> {
    return this.#events;
  }

  sent<C extends Name>(command: C): StackCommands[C]['params'][] {
    return this.told.filter((one) => one.command === command).map(({ params }) => params as StackCommands[C]['params']);
  }

  /** Commands of this name are refused from now on. */
  refuse(command: Name, code: StackRefusal['code']): void {
    this.#refusals.set(command, new StackRefusal(code, `${command} refused`));
  }

  command<C extends Name>(command: C, params: StackCommands[C]['params']): Promise<StackCommands[C]['reply']> {
    this.told.push({ command, params });
    const refusal = this.#refusals.get(command);
    if (refusal !== undefined) return Promise.reject(refusal);
    const reply = command === 'call.dial' ? { call: `out-${(this.#calls += 1)}` } : {};
    return Promise.resolve(reply as StackCommands[C]['reply']);
  }

  emit<E extends keyof StackEvents>(event: E, data: StackEvents[E]): void {
    this.#events.emit(event, data);
  }

  /** An INVITE of a station. */
  offer(call: string, over: Partial<StackEvents['call.offered']> = {}): void {
    this.emit('call.offered', {
      call,
      origin: { kind: 'station', station: 1001 },
      calledNumber: '1002',
      callingNumber: '1001',
      callingName: 'Wang',
      anonymous: false,
      remote: { address: '192.0.2.7', port: 4000 },
      signallingAddress: '192.0.2.7',
      ...over,
    });
  }
}
