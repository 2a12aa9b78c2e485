export { exportFile, importFile, tableView } from './importer.js';
export { LIMITS } from './limits.js';
export { TABLES } from './kinds/index.js';
export type { Surroundings } from './table.js';
