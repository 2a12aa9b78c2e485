// A file that root reads from a folder that is not root's: nothing is followed, and whatever is no plain file of a sensible length is
// refused.
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** Throws when it is none, or longer than `longest` bytes. */
export function foreignText(file: string, longest: number): string {
  const handle = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const about = fstatSync(handle);
    if (!about.isFile() || about.size > longest) throw new Error('it is no plain file, or too long');
    return readFileSync(handle, 'utf8');
  } finally {
    closeSync(handle);
  }
}
