// The files that are on disk, beside those that would be written: line by line.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlannedFile } from './plan.js';

export interface FileChange {
  path: string;
  changed: boolean;
  lines: { sign: ' ' | '+' | '-'; text: string }[];
}

/** `root`: where /etc begins. What may not be read counts as not there. */
export function changesOf(files: readonly PlannedFile[], root = '/'): FileChange[] {
  return files.map(({ path, text }) => {
    const before = textOf(join(root, path));
    return { path, changed: before !== text, lines: lineChanges(linesOf(before), linesOf(text)) };
  });
}

function textOf(file: string): string {
  try {
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  } catch {
    return '';
  }
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** Of a long file that somebody wrote by hand only the beginning is compared line by line. */
const MOST = 2000;

/** The fewest lines that go and come (longest common subsequence). */
export function lineChanges(before: readonly string[], after: readonly string[]): FileChange['lines'] {
  const [a, b] = [before.slice(0, MOST), after.slice(0, MOST)];
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: FileChange['lines'] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [gone, come] = [a[i], b[j]];
    if (gone !== undefined && gone === come) {
      lines.push({ sign: ' ', text: gone });
      i += 1;
      j += 1;
    } else if (gone !== undefined && (come === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ sign: '-', text: gone });
      i += 1;
    } else {
      lines.push({ sign: '+', text: come ?? '' });
      j += 1;
    }
  }
  return lines;
}
