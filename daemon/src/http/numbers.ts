// Numbers of telephones and groups, as routes of the API take them.
import { z } from 'zod';
import type { Numbering } from '../config/index.js';
import { AppError } from '../platform/index.js';

/** An ExtensionNumber in a path. */
export const extensionInPath = z
  .string()
  .regex(/^[1-9][0-9]{3,7}$/)
  .transform(Number);

/** AppError number_reserved: keys come one by one, and after the third the police would answer. */
export function mustNotBeReserved({ emergency }: Numbering, number: number): void {
  const reserved = emergency.find((one) => String(number).startsWith(one));
  if (reserved !== undefined) throw new AppError('number_reserved', { emergency: reserved });
}
