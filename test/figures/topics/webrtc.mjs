// Browsers as telephones: fifty at once and what they cost.
import { sessions } from '../webrtc/sessions.mjs';

export const parts = { sessions };
