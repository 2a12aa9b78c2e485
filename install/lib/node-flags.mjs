/** What whatever runs a box starts Node with: as in the first line of daemon/bin/cordboard.mjs. */
export const NODE_FLAGS = ['--max-semi-space-size=4'];
