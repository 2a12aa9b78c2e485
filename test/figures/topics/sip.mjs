// SIP: calls a second through the whole box, the stack alone, overload, recorded calls with their media.
import { bareStack } from '../sip/bare-stack.mjs';
import { callsPerSecond } from '../sip/calls-per-second.mjs';
import { overload } from '../sip/overload.mjs';
import { recordedCalls } from '../sip/recorded.mjs';

export const parts = { callsPerSecond, overload, bareStack, recordedCalls };
