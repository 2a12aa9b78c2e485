import type { ReachableAt } from './calls.js';
export class Bindings {
  constructor(_o: any) {}
  reach(_n: number): ReachableAt[] {
    return [];
  }
  register(t: any, _s: unknown): void {
    t.respond(t.response(503));
  }
  remove(_n: number): void {}
  connectionClosed(_c: number): void {}
  stop(): void {}
}
