// The running of the box: settings, the wizard's place, health, restart.
import { HealthReport, SettingsChange, SettingsState, WizardState } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import { audit } from '../audit.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const WIZARD = 'wizardStep';

export function boxRoutes({ clock, db, log, ports }: HttpContext): Route[] {
  const { box } = ports;
  return [
    route({
      method: 'get',
      path: '/settings',
      summary: 'What is configured, where each value comes from, and whether a restart is needed',
      tag: 'System',
      needs: 'settings.view',
      reply: SettingsState,
      handle: () => box.settings.list(),
    }),
    route({
      method: 'put',
      path: '/settings',
      summary: 'Change settings; what the environment says stays as it is',
      tag: 'System',
      needs: 'settings.edit',
      body: SettingsChange,
      reply: SettingsState,
      errors: ['setting_not_known', 'setting_locked', 'settings_invalid'],
      async handle({ body: { changes }, identity }) {
        const before = new Map(box.settings.list().settings.map((one) => [one.path, one]));
        const changed = box.settings.change(changes);
        const after = new Map(box.settings.list().settings.map((one) => [one.path, one]));
        const values = (of: typeof before) => Object.fromEntries(changed.map((path) => [path, of.get(path)?.value]));
        if (changed.length > 0) {
          await db.write((tx) =>
            audit(tx, clock.wallMs(), identity, {
              ...{ action: 'changed', objectKind: 'settings', objectId: changed.join(', ').slice(0, 200) },
              ...{ before: values(before), after: values(after) },
            }),
          );
        }
        return box.settings.list();
      },
    }),
    route({
      method: 'get',
      path: '/wizard',
      summary: 'Where the wizard of a new box stands',
      tag: 'System',
      needs: 'settings.edit',
      reply: WizardState,
      async handle() {
        const step = WizardState.shape.step.safeParse(await db.meta.get(WIZARD));
        return { step: step.success ? step.data : null };
      },
    }),
    route({
      method: 'put',
      path: '/wizard',
      summary: 'Keep where the wizard stands; null: it is done',
      tag: 'System',
      needs: 'settings.edit',
      body: WizardState,
      async handle({ body: { step } }) {
        await db.write(async (tx) => {
          if (step === null) await tx.meta.remove(WIZARD);
          else await tx.meta.set(WIZARD, step);
        });
      },
    }),
    route({
      method: 'get',
      path: '/system/health',
      summary: 'How the machine and the box do, the last hour, and what needs doing',
      tag: 'System',
      needs: 'health.view',
      reply: HealthReport,
      handle: () => box.health(),
    }),
    route({
      method: 'post',
      path: '/system/restart',
      summary: 'Stop and start again: calls end, settings and a restore take effect',
      tag: 'System',
      needs: 'settings.edit',
      errors: ['restart_not_possible'],
      handle({ identity }) {
        if (!box.settings.list().canRestart) throw new AppError('restart_not_possible');
        log.warn({ by: identity.user.username }, 'a restart was asked for');
        box.restart();
      },
    }),
  ];
}
