export * from './health-monitor.js';
export { LinuxMachine, soon } from './machine.js';
export * from './root-look.js';
