// SIP: calls a second through the whole box, the 180 of a called station, the stack alone, overload, recorded calls with their media; then what is meant ill:
// messages of RFC 4475, mutated datagrams, names that lead nowhere, a storm of registrations, a scan.
import { bareStack } from '../sip/bare-stack.mjs';
import { calledStation } from '../sip/called-station.mjs';
import { callsPerSecond } from '../sip/calls-per-second.mjs';
import { overload } from '../sip/overload.mjs';
import { recordedCalls } from '../sip/recorded.mjs';

/** Loaded when it is asked for: these bring a good part of the tests' support with them. */
const hostile = (name) => async (report) => (await import(`../sip/${name}.mjs`))[name](report);

export const parts = {
  ...{ callsPerSecond, calledStation, overload, bareStack, recordedCalls },
  ...Object.fromEntries(['torture', 'fuzz', 'unresolvable', 'storm', 'scan'].map((name) => [name, hostile(name)])),
};
