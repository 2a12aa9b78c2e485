// What a SQL text of a flow may be: one SELECT, whose values are bound. The data source is opened for reading alone besides; this says
// early and clearly what would fail late.

/** The text without what stands in quotes and comments. */
function bare(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g, (piece) =>
    piece.startsWith("'") || piece.startsWith('"') ? "''" : ' ',
  );
}

export interface SqlProblem {
  code: 'notSelect' | 'twoStatements' | 'notBound' | 'boundForNothing';
  name: string;
}

/** undefined: nothing is wrong with it, as far as can be told without the database. */
export function sqlProblem(sql: string, bound: readonly string[]): SqlProblem | undefined {
  const text = bare(sql).trim().replace(/;\s*$/, '');
  if (!/^(select|with)\b/i.test(text) || /\b(insert|update|delete|merge)\s/i.test(text) || /\binto\s/i.test(text))
    return { code: 'notSelect', name: '' };
  if (text.includes(';')) return { code: 'twoStatements', name: '' };
  const used = new Set([...text.matchAll(/\$([A-Za-z][A-Za-z0-9_]*)/g)].map(([, name]) => name ?? ''));
  for (const name of used) if (!bound.includes(name)) return { code: 'notBound', name };
  for (const name of bound) if (!used.has(name)) return { code: 'boundForNothing', name };
  return undefined;
}

/** Without the semicolon at its end, so that a limit can be put around it. */
export function withoutSemicolon(sql: string): string {
  return sql.trim().replace(/;\s*$/, '');
}
