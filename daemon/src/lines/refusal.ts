import { AppError, isAppError, type Words } from '../platform/index.js';
import { targetWords, type LineTarget } from './lines.js';

/** Why a line could not be seized, with the Q.850 cause that a caller is told. */
export class SeizeRefusal extends AppError<'line_refused'> {
  constructor(
    readonly target: LineTarget,
    readonly q850: number,
    reason: Words,
    cause?: unknown,
  ) {
    super('line_refused', { line: targetWords(target), reason }, { cause });
    this.name = 'SeizeRefusal';
  }
}

/** Q.850 cause of a seizure that failed: what the line said, 3 when there is no such line, 41 for a failure of ours. */
export function seizeCause(error: unknown): number {
  if (error instanceof SeizeRefusal) return error.q850;
  return isAppError(error, 'line_unknown') ? 3 : 41;
}
