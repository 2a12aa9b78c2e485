// What the pages of the system need: settings, health, back-ups, restart.
import type {
  BoardsApplied,
  BoardsDraft,
  BoardsState,
  Backup,
  BackupCheck,
  BackupCreate,
  BackupPlanPut,
  BackupState,
  DiagnosticAlarm,
  DiagnosticCaseInfo,
  DiagnosticInventory,
  DiagnosticReportEntry,
  DiagnosticRig,
  DiagnosticRun,
  DiagnosticVerdict,
  HealthReport,
  Language,
  RecordingAlarm,
  SettingsState,
  SettingValue,
} from '../contract/index.js';

/** Boards behind the driver of the kernel. */
export interface BoardsPort {
  /** With a draft: as it would be with it. settings_invalid */
  state(language: Language, draft?: BoardsDraft): BoardsState;
  /** settings_invalid */
  put(draft: BoardsDraft): void;
  /** boards_not_possible, boards_being_applied */
  askToApply(language: Language): BoardsApplied;
  takeBack(): void;
}

export interface BoxPort {
  settings: {
    list(): SettingsState;
    /** Gives the paths that are others now. */
    change(changes: Readonly<Record<string, SettingValue | null>>): string[];
  };
  health(): Promise<HealthReport>;
  /** beside those of the recordings */
  alarms(): RecordingAlarm[];
  backups: {
    state(language: Language): Promise<BackupState>;
    setPlan(plan: BackupPlanPut): Promise<void>;
    create(wanted: BackupCreate): Promise<Backup>;
    put(name: string, file: Buffer): Promise<Backup>;
    fileOf(name: string): Promise<string>;
    remove(name: string): Promise<void>;
    verify(name: string, passphrase: string): Promise<BackupCheck>;
    restore(name: string, passphrase: string): Promise<BackupCheck>;
    cancelRestore(): void;
  };
  /** Answers before it begins. restart_not_possible */
  restart(): void;
}

/** diagnostics/'s service */
export interface DiagnosticsPort {
  cases(language: Language): DiagnosticCaseInfo[];
  inventory(): Promise<DiagnosticInventory>;
  alarms(): DiagnosticAlarm[];
  begin(rig: DiagnosticRig): Promise<DiagnosticRun>;
  run(): Promise<DiagnosticRun | null>;
  continue(step: number, done: boolean): void;
  cancel(): Promise<void>;
  reports(): DiagnosticReportEntry[];
  file(id: string, format: 'json' | 'pdf', language: Language): Promise<{ bytes: Buffer; name: string; type: string }>;
  verify(text: string): DiagnosticVerdict;
}
