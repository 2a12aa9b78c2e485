// What is configured, where each value comes from, and what may be changed in a page.
import { z } from 'zod';

export const SettingValue = z.union([
  z.string().max(500),
  z.number(),
  z.boolean(),
  z.array(z.string().max(200)).max(100),
]);
export type SettingValue = z.infer<typeof SettingValue>;

export const Setting = z
  .strictObject({
    path: z.string().meta({ description: 'As in settings.json, for example mail.host' }),
    value: SettingValue.nullable().meta({ description: 'As it is configured now; null: not set, or a secret' }),
    secret: z.boolean().meta({ description: 'Never told; `isSet` says whether there is one' }),
    isSet: z.boolean(),
    source: z.enum(['default', 'file', 'environment']),
    variable: z.string().nullable().meta({ description: 'The variable of the environment, which wins and locks it' }),
    live: z.boolean().meta({ description: 'Holds as soon as it is changed; else at the next restart' }),
    pending: z.boolean().meta({ description: 'Takes effect at the next restart' }),
  })
  .meta({ id: 'Setting' });
export type Setting = z.infer<typeof Setting>;

export const SettingsState = z
  .strictObject({
    settings: z.array(Setting),
    restartNeeded: z.boolean(),
    canRestart: z.boolean().meta({ description: 'POST /system/restart does it; else whoever started the box must' }),
    countries: z.array(z.string()).meta({ description: 'Codes that may be chosen' }),
  })
  .meta({ id: 'SettingsState' });
export type SettingsState = z.infer<typeof SettingsState>;

export const SettingsChange = z
  .strictObject({
    changes: z
      .record(z.string().max(60), SettingValue.nullable())
      .meta({ description: 'By path; null: back to its default' }),
  })
  .meta({ id: 'SettingsChange' });
export type SettingsChange = z.infer<typeof SettingsChange>;

/** Where the wizard of a new box stands; it goes on there after a reload. */
export const WizardState = z
  .strictObject({
    step: z
      .enum(['network', 'organisation', 'trunk', 'team', 'test'])
      .nullable()
      .meta({ description: 'null: it is done, or was never begun' }),
  })
  .meta({ id: 'WizardState' });
export type WizardState = z.infer<typeof WizardState>;
