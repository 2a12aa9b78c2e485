// The engine: a loaded switch, for ten minutes beside a busy call centre; what each part costs; fax; what detectors mistake.
import { switch4096 } from '../engine/switch4096.mjs';
import { tenMinutes } from '../engine/ten-minutes.mjs';
import { dsp } from '../engine/dsp.mjs';
import { fax } from '../engine/fax.mjs';
import { detectors } from '../engine/detectors.mjs';

export const parts = { switch4096, tenMinutes, dsp, fax, detectors };
