// Browsers as telephones: fifty at once and what they cost; handshakes and talks over bad networks.
import { sessions } from '../webrtc/sessions.mjs';
import { handshake, understood } from '../webrtc/weather.mjs';

export const parts = { sessions, handshake, understood };
