// What the pages of the system need: settings, health, back-ups, restart.
import type { AlertService } from '../alerts/index.js';
import type { PhoneDesk } from '../phones/index.js';
import type {
  AcmePlan,
  BoardsApplied,
  BoardsDraft,
  BoardsState,
  Backup,
  BackupCheck,
  BackupCreate,
  BackupPlacePut,
  BackupPlaceTested,
  BackupPlanPut,
  BackupState,
  BackupVolume,
  DiagnosticAlarm,
  DiagnosticCaseInfo,
  DiagnosticInventory,
  DiagnosticReportEntry,
  DiagnosticRig,
  DiagnosticRun,
  DiagnosticVerdict,
  HealthReport,
  Language,
  NetworkAsked,
  NetworkPut,
  NetworkState,
  RecordingAlarm,
  SettingsState,
  SettingValue,
  TlsState,
  TlsUpload,
  UpdateRequest,
  UpdateState,
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

/** Another version of the whole box. */
export interface UpdatesPort {
  state(language: Language): UpdateState;
  /** update_piece_misplaced, update_not_here, and, where the whole size is told, update_no_room and why it cannot be installed */
  piece(at: number, bytes: Buffer, total?: number): Promise<number>;
  /** Takes what was brought away. */
  drop(): void;
  /** update_not_here, update_busy, update_on_trial, update_not_uploaded; checked only: why it cannot be installed */
  ask(request: UpdateRequest, language: Language): Promise<UpdateState>;
  /** update_nothing_to_cancel */
  cancel(language: Language): UpdateState;
}

/** Addresses, name and time of a box that owns its network. */
export interface NetworkPort {
  state(): NetworkState;
  /** network_not_here, network_busy */
  ask(wanted: NetworkPut): NetworkAsked;
  /** network_nothing_to_confirm */
  keep(): void;
  /** network_nothing_to_confirm, network_code_wrong */
  keepByCode(code: string): void;
  /** network_nothing_to_confirm */
  back(): void;
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
    verify(name: string, passphrase: string, place?: string): Promise<BackupCheck>;
    /** `from`: a place that is kept, or one that is only written down */
    restore(name: string, passphrase: string, from?: string | BackupPlacePut): Promise<BackupCheck>;
    cancelRestore(): void;
    places: {
      put(id: string, place: BackupPlacePut): void;
      remove(id: string): void;
      test(place: BackupPlacePut, id?: string): Promise<BackupPlaceTested>;
      volumes(): Promise<BackupVolume[]>;
      sendNow(id: string): void;
    };
  };
  /** the certificate of HTTPS and SIP over TLS */
  tls: {
    state(language: Language): TlsState;
    /** PEM */
    certificate(): string;
    upload(given: TlsUpload): void;
    makeOwn(): void;
    setAcme(plan: AcmePlan): Promise<void>;
    renew(): Promise<void>;
    endAcme(): void;
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

/** phones/'s desk */
export type PhonesPort = Pick<
  PhoneDesk,
  'list' | 'create' | 'change' | 'remove' | 'provision' | 'access' | 'renew' | 'common' | 'preview' | 'answer'
>;

/** alerts/'s service */
export interface AlertsPort {
  service: Pick<
    AlertService,
    | 'list'
    | 'retry'
    | 'ways'
    | 'mustHaveWay'
    | 'putWay'
    | 'removeWay'
    | 'test'
    | 'rules'
    | 'createRule'
    | 'changeRule'
    | 'removeRule'
  >;
  engineId(): string;
}
