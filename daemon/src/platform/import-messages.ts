// What is said of files that are read in; a part of the table in messages.ts.
import type { Message } from './messages.js';

export const importMessages = {
  import_unreadable: {
    status: 400,
    en: 'The file is neither an Excel workbook (.xlsx) nor CSV text; save it as one of them and upload it again.',
    zh: '文件既不是 Excel 工作簿（.xlsx），也不是 CSV 文本；请另存为其中一种后重新上传。',
  },
  import_empty: {
    status: 400,
    en: 'The file has no rows under its headings; fill in the template and upload it again.',
    zh: '文件只有表头或为空；请按模板填写后重新上传。',
  },
  import_too_large: {
    status: 413,
    en: 'The file holds more than is taken at a time ({rows} rows, {columns} columns, {characters} characters a cell); split it.',
    zh: '文件超出单次上限（{rows} 行、{columns} 列、每格 {characters} 个字）；请拆分后分次导入。',
  },
  import_of_missing: {
    status: 400,
    en: 'Say which queue or list the rows belong to (of=…).',
    zh: '请指明这些行属于哪个队列或名单（of=…）。',
  },
  import_mapping_invalid: {
    status: 400,
    en: 'The columns do not fit: each may be named once, and {column} must be among them.',
    zh: '列的对应关系不正确：每一列只能对应一次，且必须包含“{column}”。',
  },
  import_has_bad_rows: {
    status: 422,
    en: '{count} rows cannot be taken, so nothing was changed; correct them, or leave them out.',
    zh: '有 {count} 行无法导入，因此没有做任何更改；请修改这些行，或选择跳过。',
  },
} as const satisfies Record<string, Message>;
