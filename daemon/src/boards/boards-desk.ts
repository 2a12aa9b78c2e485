// The boards for people: what was found beside what is used of it, what would be written, and asking for it to be done. The box itself
// has no right to set the driver up. It leaves a request in its home, and whoever has it (cordboard-boards.path of systemd) answers by
// doing it; how it went is read from where only root may write.
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { E1Setting, knownR2, type Settings } from '../config/index.js';
import {
  BoardsApplied,
  BoardsSetting,
  type BoardsDraft,
  type BoardsState,
  type FoundBoard,
  type Language,
} from '../contract/index.js';
import { AppError, type Clock } from '../platform/index.js';
import { lastApplied } from './apply.js';
import { changesOf } from './changes.js';
import { differences, suspicions } from './compare.js';
import { findHardware, type FoundHardware, type FoundSpan } from './found.js';
import { KNOWN_OPERMODES, OPERMODES, planBoards, wantedBoards } from './plan.js';
import { boardSentence, isFault, type BoardProblem } from './problems.js';
import { profileOf, readProfiles, type CardProfile } from './profiles.js';

export const REQUEST = 'boards-request';

interface Parts {
  boards?: unknown;
  e1?: unknown;
  analogs?: unknown;
  linkSets?: unknown;
}

/** Of SettingsDesk. */
export interface BoardsSettingsPort {
  tried(parts: Parts): Settings;
  replace(parts: Parts): Settings;
  pending(parts: readonly (keyof Parts)[]): boolean;
}

export interface BoardsDeskOptions {
  home: string;
  /** where /sys, /etc and /run begin */
  root: string;
  r2Folder: string;
  settings: BoardsSettingsPort;
  clock: Clock;
  /** telephones whose boards have refused to light their lamp; left out: the box does not run */
  lampsRefused?: () => ReadonlySet<number>;
}

export class BoardsDesk {
  readonly #options: BoardsDeskOptions;
  #profiles: CardProfile[] | undefined;

  constructor(options: BoardsDeskOptions) {
    this.#options = options;
  }

  /** With a draft: as it would be with it. settings_invalid */
  state(language: Language, draft?: BoardsDraft): BoardsState {
    const { settings: desk, root, home, r2Folder } = this.#options;
    const settings = desk.tried(draft === undefined ? {} : parts(draft));
    this.#profiles ??= readProfiles();
    const found = findHardware(root);
    const wanted = wantedBoards(settings);
    const plan = planBoards(wanted, found, this.#profiles);
    const refused = this.#options.lampsRefused?.() ?? new Set<number>();
    const dark = plan.ports
      .filter(({ analog }) => refused.has(analog))
      .map(({ analog, line }): BoardProblem => ({ code: 'lampRefused', port: analog, params: { line } }));
    const problems = [...plan.problems, ...differences(plan), ...suspicions(plan, found), ...dark];
    const { boards, e1, analogs, linkSets, virtual, country } = settings;
    return {
      driver: found.driver ?? null,
      boards: boardsOf(found, this.#profiles, boards, language),
      settings: boards,
      e1: e1.map((one) => ({ ...one })),
      analogs: analogs.map((one) => ({ ...one })),
      linkSets: linkSets.map((one) => ({ ...one })),
      choices: {
        signallings: [...E1Setting.shape.signalling.unwrap().options],
        r2: knownR2(r2Folder),
        opermodes: [...KNOWN_OPERMODES],
        opermode: OPERMODES[country] ?? null,
        nextSpan: Math.max(virtual.spans, ...boards.spans.map(({ span }) => span)) + 1,
        nextPort: Math.max(virtual.stations + virtual.lines, ...boards.ports.map(({ analog }) => analog)) + 1,
      },
      problems: problems.map((one) => shown(one, language)),
      files: changesOf(plan.files, root),
      restartNeeded: desk.pending(['boards', 'e1', 'analogs', 'linkSets']),
      applied: this.#applied(),
      command: `sudo cordboard boards apply --home ${home}`,
    };
  }

  /** settings_invalid: nothing is written then. They hold at the next start. */
  put(draft: BoardsDraft): void {
    this.#options.settings.replace(parts(draft));
  }

  /** boards_not_possible, boards_being_applied */
  askToApply(language: Language): BoardsApplied {
    const faults = this.state(language).problems.filter(({ fault, code }) => fault && code !== 'driverMissing');
    if (faults.length > 0) {
      const text = faults.map((one) => one.text).join(language === 'en' ? ' ' : '');
      throw new AppError('boards_not_possible', { problems: text });
    }
    if (this.#applied()?.state === 'running') throw new AppError('boards_being_applied');
    writeFileSync(this.#request, '', { mode: 0o600 });
    return this.#applied() ?? this.#waiting();
  }

  /** Nobody has begun; and nobody shall. */
  takeBack(): void {
    rmSync(this.#request, { force: true });
  }

  get #request(): string {
    return join(this.#options.home, REQUEST);
  }

  #applied(): BoardsApplied | null {
    if (existsSync(this.#request)) return this.#waiting();
    const last = BoardsApplied.safeParse(lastApplied(this.#options.root));
    return last.success ? last.data : null;
  }

  #waiting(): BoardsApplied {
    const since = statSync(this.#request, { throwIfNoEntry: false })?.mtimeMs ?? this.#options.clock.wallMs();
    return { state: 'waiting', startedAt: Math.round(since), endedAt: null, step: null, output: '', warnings: [] };
  }
}

/** As they stand in the file: without what is as it is by itself. */
function parts({ settings, e1, analogs, linkSets }: BoardsDraft): Parts {
  const sets = linkSets === undefined ? {} : { linkSets };
  return { boards: BoardsSetting.parse(settings), e1, analogs, ...sets };
}

function shown(problem: BoardProblem, language: Language): BoardsState['problems'][number] {
  const { code, span = null, port = null } = problem;
  return { code, fault: isFault(problem), span, port, text: boardSentence(problem, language) };
}

/** Boards of the bus that a profile knows, and those of the driver that hang elsewhere or that none knows. */
function boardsOf(
  found: FoundHardware,
  profiles: readonly CardProfile[],
  settings: BoardsSetting,
  language: Language,
): FoundBoard[] {
  const known = found.pci.flatMap((pci) => {
    const profile = profileOf(pci, profiles);
    const spans = found.spans.filter((span) => span.pci === pci.address);
    if (profile === undefined && spans.length === 0) return [];
    return [{ id: pci.address, spans, profile, driven: spans.length > 0 || pci.module === profile?.module }];
  });
  const seen = new Set(known.flatMap(({ spans }) => spans));
  const others = new Map<string, FoundSpan[]>();
  for (const span of found.spans) {
    if (seen.has(span)) continue;
    const id = span.location === '' ? `span-${span.device}` : span.location;
    others.set(id, [...(others.get(id) ?? []), span]);
  }
  const elsewhere = [...others].map(([id, spans]) => ({ id, spans, profile: undefined, driven: true }));
  return [...known, ...elsewhere].map(({ id, spans, profile, driven }) => ({
    ...{ id, driven, model: profile?.model ?? null },
    maker: profile?.maker ?? spans[0]?.manufacturer ?? '',
    name: profile?.name ?? spans[0]?.board ?? id,
    location: spans[0]?.location || id,
    module: profile?.module ?? null,
    source: profile?.driver ?? null,
    firmware: profile?.firmware ?? [],
    hardwareEcho: profile === undefined || profile.hardwareEcho !== false,
    reverses: profile?.reverses ?? null,
    lamps: profile?.lamps ?? null,
    advice: [profile?.jumpers, profile?.timing, profile?.notes].flatMap((text) =>
      text === undefined ? [] : [language === 'en' ? text.en : text.zh],
    ),
    unverified: profile?.unverified ?? [],
    spans: spans.filter(isDigital).map(({ device, name, type, alarms, line, clock }) => ({
      ...{ device, name, type, alarms, line, clock },
      span: settings.spans.find((one) => one.device === device)?.span ?? null,
    })),
    ports: spans
      .filter((span) => !isDigital(span))
      .flatMap(({ channels }) => channels)
      .map(({ channel, position, module }) => ({
        ...{ channel, position, module: module ?? null },
        analog: settings.ports.find((one) => one.channel === channel)?.analog ?? null,
      })),
  }));
}

const isDigital = ({ type }: FoundSpan): boolean => /^(E1|T1|J1|BRI)/.test(type);
