#!/bin/sh
# The command `cordboard`, with the Node.js of the package and the home of the service.
: "${CORDBOARD_HOME:=/var/lib/cordboard}"
export CORDBOARD_HOME
exec /usr/lib/cordboard/bin/node --max-semi-space-size=4 /usr/lib/cordboard/daemon/bin/cordboard.mjs "$@"
