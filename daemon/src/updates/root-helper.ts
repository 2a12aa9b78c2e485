// What root does for an update: writes it, waits for calls, starts the machine again, judges what was booted on trial, and keeps what came of
// it where the box reads it. The home of the box is not root's: nothing in it is followed, and what it says is checked.
import { closeSync, createReadStream, existsSync, mkdirSync, openSync, rmSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  UpdateRequest,
  UpdateStep,
  type BoardsState,
  type CallCount,
  type UpdateResult,
  type UpdateTrial,
} from '../contract/index.js';
import { AppError, errorText, foreignText, isAppError, type Clock } from '../platform/index.js';
import { MOST_TRIALS, otherSlot, readBootState, writeBootState } from './boot-state.js';
import { openBundle, type UpdateManifest } from './bundle.js';
import { checkManifest, confirm, goBack, installUpdate, reject, type Installed } from './install.js';
import { judge, type JudgeOptions, type Judgement } from './judge.js';
import { KeptUpdates, type BothTexts } from './kept.js';
import type { Machine } from './machine.js';
import { fromStick, mustRun, type RunProgram } from './machine-tools.js';
import { CANCEL, REQUEST, UPLOADED } from './updates-desk.js';

export interface RootHelperOptions {
  machine: Machine;
  /** where /data and /run begin */
  root: string;
  home: string;
  run: RunProgram;
  /** of the box that runs here; rejects when it does not answer */
  request: JudgeOptions['request'];
  clock: Clock;
  wait(ms: number): Promise<void>;
  /** what there is to say to who has typed the command */
  told(en: string, zh: string): void;
}

/** minutes that calls in progress are waited for */
export const USUAL_WAIT_MIN = 15;
const LOOK_MS = 2000;
const LONGEST_REQUEST = 10_000;
const LOCK = 'run/cordboard-update';

const STEP_WORDS: Record<UpdateStep, BothTexts> = {
  service: { en: 'service', zh: '服务' },
  database: { en: 'database', zh: '数据库' },
  cards: { en: 'cards', zh: '板卡' },
  call: { en: 'test call', zh: '测试电话' },
};

export class RootHelper {
  readonly #options: RootHelperOptions;
  readonly kept: KeptUpdates;

  constructor(options: RootHelperOptions) {
    this.#options = options;
    this.kept = new KeptUpdates(options.root);
  }

  /** A file, an address of http or https, or `usb`: could it be installed? Read to its end; nothing is written. */
  check(source: string): Promise<UpdateManifest> {
    const { machine } = this.#options;
    return this.#withSource(source, async (stream) => {
      const { manifest, root } = await openBundle(stream, machine.keys);
      checkManifest(manifest, machine, machine.slotBytes[otherSlot(machine.slot)]);
      for await (const chunk of root()) void chunk;
      return manifest;
    });
  }

  async install(source: string): Promise<Installed> {
    const { machine, run, told } = this.#options;
    return this.#locked(async () => {
      await this.#noteBefore();
      const other = otherSlot(machine.slot);
      let tenths = 0;
      try {
        const installed = await this.#withSource(source, (stream) =>
          installUpdate({
            ...{ machine, source: stream, slotBytes: machine.slotBytes[other] },
            dropCache: (device) => void mustRun(run, 'blockdev', ['--flushbufs', device]),
            begun: () => this.kept.setVersion(other, undefined),
            told: (done, total) => {
              const now = Math.floor((10 * done) / total);
              if (now <= tenths) return;
              tenths = now;
              told(`${tenths * 10} %`, `${tenths * 10} %`);
              this.#keep(
                'running',
                { en: 'The update is being written.', zh: '正在写入更新。' },
                { donePercent: tenths * 10 },
              );
            },
          }),
        );
        const { version } = installed;
        this.kept.setVersion(other, version);
        this.#keep(
          'installed',
          {
            en: `Version ${version} is installed and starts on trial with the next restart.`,
            zh: `版本 ${version} 已安装，下次重启后试运行。`,
          },
          { version },
        );
        return installed;
      } catch (error) {
        this.#keep('refused', inBoth(error));
        throw error;
      }
    });
  }

  async back(): Promise<void> {
    const { machine } = this.#options;
    await this.#locked(async () => {
      await this.#noteBefore();
      try {
        const slot = goBack(machine);
        const version = this.kept.versionIn(slot) ?? null;
        this.#keep(
          'back',
          { en: 'The version before starts with the next restart.', zh: '下次重启后将启动上一版本。' },
          { version },
        );
      } catch (error) {
        this.#keep('refused', inBoth(error));
        throw error;
      }
    });
  }

  /** Waits until nobody talks, for so many minutes at most, then starts the machine again; false: somebody has cancelled it. */
  async restart(minutes = USUAL_WAIT_MIN): Promise<boolean> {
    const { clock, wait, told, home, run, machine } = this.#options;
    const began = clock.monotonicMs();
    const limitMs = minutes * 60_000;
    const until = clock.wallMs() + limitMs;
    const cancel = join(home, CANCEL);
    rmSync(cancel, { force: true });
    const version = this.kept.versionIn(otherSlot(machine.slot)) ?? null;
    for (let before = -1; clock.monotonicMs() - began < limitMs;) {
      const calls = await this.#callsNow();
      if (calls === 0) break;
      if (calls !== before) {
        told(`${calls} calls in progress; waiting`, `有 ${calls} 个通话正在进行；等待中`);
        this.#keep(
          'restarting',
          {
            en: `The box starts again when nobody talks, in ${minutes} minutes at the latest.`,
            zh: `无人通话时设备将重启，最迟 ${minutes} 分钟后。`,
          },
          { version, calls, until },
        );
      }
      before = calls;
      await wait(LOOK_MS);
      if (!existsSync(cancel)) continue;
      rmSync(cancel, { force: true });
      this.#keep(
        'installed',
        {
          en: 'The restart was cancelled; the other version starts on trial with the next one.',
          zh: '已取消重启；另一版本将在下次重启后试运行。',
        },
        { version },
      );
      return false;
    }
    this.#keep('restarting', { en: 'The box starts again.', zh: '设备正在重启。' }, { version, calls: 0, until });
    mustRun(run, 'systemctl', ['--no-block', 'reboot']);
    return true;
  }

  /** Of the boot that runs. Not on trial: nothing is asked. undefined: there was nothing to judge */
  async judgeBoot(version: string): Promise<Judgement | undefined> {
    const { machine, request, clock, wait, told, run } = this.#options;
    const name = machine.release.version;
    this.kept.setVersion(machine.slot, name);
    const boot = readBootState(machine.state);
    if (!machine.onTrial) {
      this.#tellFailed(boot);
      return undefined;
    }
    const trial: UpdateTrial = {
      ...{ at: clock.wallMs(), version: name },
      steps: UpdateStep.options.map((step) => ({ step, state: 'waiting' })),
    };
    let now = -1;
    const ended = (good: boolean): void => {
      const step = trial.steps[now];
      if (step?.state === 'running') step.state = good ? 'good' : 'failed';
    };
    const judgement = await judge({
      ...{ request, version, faultsBefore: this.kept.faultsBefore, clock, wait },
      told: (step) => {
        ended(true);
        now = trial.steps.findIndex((one) => one.step === step);
        const begun = trial.steps[now];
        if (begun !== undefined) begun.state = 'running';
        this.kept.trial = trial;
        told(`judging: ${STEP_WORDS[step].en}`, `正在检查：${STEP_WORDS[step].zh}`);
      },
    });
    ended(judgement.good);
    this.kept.trial = trial;
    if (judgement.good) {
      confirm(machine);
      this.#keep('good', { en: `Version ${name} runs and is good.`, zh: `版本 ${name} 运行正常。` }, { version: name });
      return judgement;
    }
    reject(machine);
    const step = STEP_WORDS[judgement.step ?? 'service'];
    this.#keep(
      'rejected',
      {
        en: `Version ${name} was not good (${step.en}: ${judgement.reason}); the version before comes back.`,
        zh: `版本 ${name} 未通过检查（${step.zh}），将恢复上一版本；原因见系统日志。`,
      },
      { version: name },
    );
    mustRun(run, 'systemctl', ['--no-block', 'reboot']);
    return judgement;
  }

  /** What a page has asked for (updates-desk.ts). Rejects with why it was not done. */
  async answer(): Promise<void> {
    const { home } = this.#options;
    const file = join(home, REQUEST);
    let text: string;
    try {
      text = foreignText(file, LONGEST_REQUEST);
    } finally {
      // Whatever it is and says: the same request does not come twice.
      rmSync(file, { recursive: true, force: true });
    }
    const { source, checkOnly, restartWithinMinutes } = UpdateRequest.parse(JSON.parse(text));
    const uploaded = join(home, UPLOADED);
    const from = source === 'upload' ? uploaded : source;
    if (checkOnly) return this.#answerCheck(from);
    if (source === 'restart') {
      if (readBootState(this.#options.machine.state).trial === '') {
        const nothing = new AppError('update_nothing_to_restart_for');
        this.#keep('refused', inBoth(nothing));
        throw nothing;
      }
    } else {
      this.#keep('running', { en: 'The update is being installed.', zh: '正在安装更新。' }, { donePercent: 0 });
      try {
        if (source === 'back') await this.back();
        else await this.install(from);
      } finally {
        if (source === 'upload') rmSync(uploaded, { force: true });
      }
    }
    if (restartWithinMinutes !== null) await this.restart(restartWithinMinutes);
  }

  async #answerCheck(source: string): Promise<void> {
    this.#keep('running', { en: 'The update is being read.', zh: '正在读取更新文件。' });
    try {
      const { version } = await this.check(source);
      this.#keep(
        'checked',
        {
          en: `Version ${version} is genuine, whole and can be installed.`,
          zh: `版本 ${version} 签名正确、文件完整，可以安装。`,
        },
        { version },
      );
    } catch (error) {
      this.#keep('refused', inBoth(error));
      throw error;
    }
  }

  #tellFailed(boot: ReturnType<typeof readBootState>): void {
    const { machine } = this.#options;
    // Its turn was taken, and it could not even be loaded.
    if (boot.trial !== '' && boot.left < MOST_TRIALS) {
      writeBootState(machine.state, { ...boot, trial: '', left: 0, failed: boot.trial });
      boot.failed = boot.trial;
    }
    // Told already: what was judged says more than that it is not what runs.
    const { state } = this.kept.result ?? {};
    if (boot.failed === '' || state === 'rejected' || state === 'failed') return;
    const [failed, runs] = [boot.failed, machine.release.version];
    const version = this.kept.versionIn(failed) ?? null;
    this.#keep(
      'failed',
      {
        en: `Slot ${failed} did not start well; version ${runs} is back.`,
        zh: `槽位 ${failed} 启动异常；已恢复版本 ${runs}。`,
      },
      { version },
    );
  }

  /** 0 as well when no box runs that could have any. */
  #callsNow(): Promise<number> {
    return this.#options.request<CallCount>('GET', '/calls/count?state=live').then(
      ({ count }) => count,
      () => 0,
    );
  }

  async #noteBefore(): Promise<void> {
    const { machine, request } = this.#options;
    this.kept.setVersion(machine.slot, machine.release.version);
    this.kept.faultsBefore = await request<BoardsState>('GET', '/boards')
      .then(({ problems }) => problems.filter(({ fault }) => fault).map(({ code }) => code))
      .catch(() => []);
  }

  #keep(state: UpdateResult['state'], text: BothTexts, more: Partial<UpdateResult> = {}): void {
    const { version = null, donePercent = null, calls = null, until = null } = more;
    this.kept.result = { state, at: this.#options.clock.wallMs(), version, text, donePercent, calls, until };
  }

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    const lock = join(this.#options.root, LOCK);
    mkdirSync(dirname(lock), { recursive: true });
    try {
      mkdirSync(lock);
    } catch {
      throw new AppError('update_busy');
    }
    try {
      return await work();
    } finally {
      rmdirSync(lock);
    }
  }

  async #withSource<T>(source: string, work: (stream: AsyncIterable<Uint8Array>) => Promise<T>): Promise<T> {
    if (source === 'usb') return fromStick(this.#options.run, work);
    const unreadable = (reason: string): AppError => new AppError('update_unreadable', { source, reason });
    if (/^https?:\/\//.test(source)) {
      const reply = await fetch(source).catch((error: unknown) => {
        throw unreadable(errorText(error));
      });
      if (!reply.ok || reply.body === null) throw unreadable(`${reply.status} ${reply.statusText}`);
      return work(reply.body as AsyncIterable<Uint8Array>);
    }
    try {
      closeSync(openSync(source, 'r'));
    } catch (error) {
      throw unreadable(errorText(error));
    }
    return work(createReadStream(source, { highWaterMark: 2 ** 20 }));
  }
}

function inBoth(error: unknown): BothTexts {
  if (isAppError(error)) return { en: error.text('en'), zh: error.text('zh-CN') };
  return { en: errorText(error), zh: `操作失败：${errorText(error)}` };
}
