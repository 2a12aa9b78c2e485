// What keeps strangers, floods and thieves away: sources and their bans, overload, numbers that may be dialled, calls at a time.
export {
  CALL_ALLOWANCE,
  CallLimits,
  type CallAdmission,
  type CallAllowance,
  type CallLimitsOptions,
} from './call-limits.js';
export { GUARD_LIMITS, MAX_NUMBER_DIGITS, type GuardLimits, type RateLimit } from './limits.js';
export { Networks, isAddress, sourceOf } from './address.js';
export { type Ban, type BanReason } from './bans.js';
export { Guard, type GuardCounters, type GuardEvents, type GuardOptions } from './guard.js';
export { CHINA, genericPlan, type GenericPlan, type NumberClass, type NumberPlan } from './number-plan.js';
export {
  DEFAULT_CLASSES,
  allowed,
  readNumber,
  type CallingPolicy,
  type DialledNumber,
  type NumberFault,
  type NumberVerdict,
} from './number-policy.js';
export {
  OVERLOAD_LIMITS,
  Overload,
  type NewRequest,
  type OverloadLimits,
  type OverloadMeasures,
  type OverloadOptions,
  type Threshold,
} from './overload.js';
