// The call centre: how fast it decides who gets which call, and whether callers wait as long as the formulas say.
import { conference } from '../centre/conference.mjs';
import { erlang } from '../centre/erlang.mjs';
import { killed } from '../centre/killed.mjs';
import { load } from '../centre/load.mjs';
import { matcher } from '../centre/matcher.mjs';
import { thread } from '../centre/thread.mjs';

export const parts = { matcher, erlang, load, thread, killed, conference };
