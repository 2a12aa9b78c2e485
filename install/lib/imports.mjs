// What a source file imports, found without a parser.

/** The text with comments blanked out (strings, templates and line numbers stay as they are). */
export function blankComments(text) {
  // Strings are matched so that a `//` inside one does not count.
  const token = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[^]|[^`\\])*`|\/\*[^]*?\*\/|\/\/[^\n]*|<!--[^]*?-->/g;
  return text.replace(token, (found) => (/^['"`]/.test(found) ? found : found.replace(/[^\n]/g, ' ')));
}

const lineAt = (text, index) => text.slice(0, index).split('\n').length;

// import|export, type, names up to `from` (never across another statement), module.
const STATEMENT =
  /\b(import|export)\s*(\btype\s+(?!from\s*['"]))?((?:(?!\b(?:import|export)\b)[\w$*\s{},])*?\bfrom\s*)?['"]([^'"\n]+)['"]/g;
const CALL = /(typeof\s+)?\b(?:import|require(?:\.resolve)?)\s*\(\s*['"]([^'"\n]+)['"]/g;

/**
 * Imports, re-exports, `import()` and `require()` of a TypeScript or Vue text without comments.
 * @returns {{ module: string, line: number, typeOnly: boolean }[]}
 */
export function importsOf(text) {
  const found = [];
  for (const match of text.matchAll(STATEMENT)) {
    // `export 'x'` is no statement; `import 'x'` is.
    if (match[1] === 'export' && match[3] === undefined) continue;
    found.push({ module: match[4], line: lineAt(text, match.index), typeOnly: match[2] !== undefined });
  }
  for (const match of text.matchAll(CALL)) {
    found.push({ module: match[2], line: lineAt(text, match.index), typeOnly: match[1] !== undefined });
  }
  return found;
}

/** The `#include`s of a C++ text, quoted or in angle brackets. */
export function includesOf(text) {
  return [...text.matchAll(/^[ \t]*#[ \t]*include[ \t]*[<"]([^>"\n]+)[>"]/gm)].map((match) => ({
    path: match[1],
    line: lineAt(text, match.index),
  }));
}
