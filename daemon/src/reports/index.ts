export * from './book-call.js';
export * from './definitions.js';
export * from './report-reader.js';
export * from './roll-up.js';
export * from './make-file.js';
export * from './sheet.js';
