// The pages: how much a desk loads, how soon a call is on it, what a busy floor costs, and how long reports over years of calls take.
import { floor } from '../web/floor.mjs';
import { load } from '../web/load.mjs';
import { pop } from '../web/pop.mjs';
import { reports } from '../web/reports.mjs';

export const parts = { load, pop, floor, reports };
