// Browsers as telephones: fifty at once and what they cost; handshakes and talks over bad networks; a page loaded anew, and another network,
// in the middle of a talk.
import { networkChange, reload } from '../webrtc/pages.mjs';
import { sessions } from '../webrtc/sessions.mjs';
import { handshake, understood } from '../webrtc/weather.mjs';

export const parts = { sessions, handshake, understood, reload, networkChange };
