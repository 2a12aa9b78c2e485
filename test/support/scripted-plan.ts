// A dial plan of a test's own: what stands in it and nothing else.
import type { DialFrom, DialPlan, DialResolution, PickUpReach } from '../../daemon/src/lines/index.js';

export class ScriptedPlan implements DialPlan {
  readonly numbers = new Map<string, DialResolution>([['95001', { kind: 'flow', flowId: 'main', language: 'en' }]]);
  /** what the pick-up code reaches, by number */
  readonly reach = new Map<string, readonly number[]>();
  /** who asked for what */
  readonly asked: { number: string; from: DialFrom }[] = [];
  /** the plan cannot tell */
  broken = false;

  resolve(number: string, from: DialFrom): Promise<DialResolution> {
    this.asked.push({ number, from });
    if (this.broken) return Promise.reject(new Error('the plan is broken'));
    const found = this.numbers.get(number);
    if (found !== undefined) return Promise.resolve(found);
    return Promise.resolve(
      this.#longer(number) ? { kind: 'incomplete' } : { kind: 'refused', cause: 1, reason: 'nobody has it' },
    );
  }

  mayContinue(number: string): Promise<boolean> {
    return this.broken ? Promise.reject(new Error('the plan is broken')) : Promise.resolve(this.#longer(number));
  }

  pickUp(number: string): Promise<PickUpReach> {
    if (this.broken) return Promise.reject(new Error('the plan is broken'));
    const mayGrow = [...this.reach.keys()].some((one) => one.length > number.length && one.startsWith(number));
    return Promise.resolve({ stations: this.reach.get(number), mayGrow });
  }

  originOf(): null {
    return null;
  }

  callerFrom(number: string): string {
    return number.replace('+', '');
  }

  #longer(number: string): boolean {
    return [...this.numbers.keys()].some((one) => one.length > number.length && one.startsWith(number));
  }
}
