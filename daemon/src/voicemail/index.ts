export * from './box-book.js';
export * from './heard-files.js';
export * from './mailbox.js';
export * from './message-taker.js';
export * from './notifier.js';
export * from './telephone.js';
export * from './voicemail-service.js';
