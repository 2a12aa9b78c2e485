import { SLOT } from './slot.js';

const FIRST = 10_000 + SLOT * 600;

/** Any free ports of SIP, and ports of audio apart from those of other processes: boxes of tests run side by side. */
export const ANY_SIP_PORTS = {
  CORDBOARD_SIP_PORT: '0',
  CORDBOARD_SIPS_PORT: '0',
  CORDBOARD_RTP_PORTS: `${FIRST}-${FIRST + 599}`,
};
