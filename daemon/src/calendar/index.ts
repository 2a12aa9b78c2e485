export * from './calendar-book.js';
export * from './import-days.js';
export { ZoneClock } from './zone-clock.js';
export { OpenHours } from './open-hours.js';
