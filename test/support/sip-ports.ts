/** Any free ports of SIP: boxes of tests run side by side. */
export const ANY_SIP_PORTS = { CORDBOARD_SIP_PORT: '0', CORDBOARD_SIPS_PORT: '0' };
