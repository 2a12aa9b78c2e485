export * from './alarm-log.js';
export * from './bench.js';
export * from './boards.js';
export * from './cases/index.js';
export * from './claims.js';
export * from './diagnostics-service.js';
export * from './report-pdf.js';
export * from './signature.js';
