import type { ComputedRef, InjectionKey } from 'vue';
import { RefusedError } from '@/api/errors';

/** By the path of the field in the body that was refused, such as `announcements.everyMs`. */
export function formProblems(problem: unknown): ReadonlyMap<string, string> {
  if (!(problem instanceof RefusedError)) return new Map();
  return new Map(problem.details.map(({ path, message }) => [path, message]));
}

export interface FormFields {
  /** the paths that some field of the form shows */
  known: Set<string>;
  problems: ComputedRef<ReadonlyMap<string, string>>;
}

export const formFieldsKey: InjectionKey<FormFields> = Symbol('fields of a form');
