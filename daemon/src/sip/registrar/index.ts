// Which telephone is where: registrations, how they are kept, and how the way to them stays open.
export { REGISTRAR_LIMITS, type RegistrarLimits } from './limits.js';
export type { Binding, StoredBinding } from './binding.js';
export { Registrar, type Registrant, type RegistrarEvents, type RegistrarOptions } from './registrar.js';
export type { RemovalReason } from './plan.js';
export type { BindingBatch, BindingStore } from './store.js';
export { targetOf, type BindingTarget } from './targets.js';
export {
  KeepAlives,
  keepAliveOf,
  type KeepAlive,
  type KeepAliveEvents,
  type KeepAliveKind,
  type KeepAlivesOptions,
} from './keep-alive.js';
