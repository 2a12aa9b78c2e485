// The engine as the daemon sees it. Its types come from here, too.
export type {
  AlarmKind,
  Counter,
  EngineCommands,
  EngineConfig,
  EngineEvents,
  EngineMessage,
  ErrorCode,
  LegOffered,
  LegReleased,
  LinkChanged,
  PlayEnded,
  RecordingDisk,
  RecordingEnded,
  Snapshot,
  SnapshotAnalog,
  SnapshotLinkSet,
  LegMetered,
  SnapshotSpan,
  SpanBlocked,
  TickStatistics,
} from '@cordboard/native';
export * from './datagram-socket.js';
export * from './engine-client.js';
export * from './load-native.js';
export * from './virtual-hardware.js';
export * from './local-datagram.js';
