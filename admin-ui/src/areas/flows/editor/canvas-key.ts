// What nodes and ways on the sheet know of the sheet that they are on.
import { inject, type InjectionKey } from 'vue';
import type { Fate } from '../model/difference';
import type { Drawing } from '../model/drawing';

/** A caller on his way along an edge. */
export interface Moving {
  id: number;
  way: string;
}

export interface Canvas {
  readonly drawing: Drawing;
  readonly readOnly: boolean;
  fate: (name: string) => Fate;
  isLit: (name: string) => boolean;
  callers: (name: string) => number;
  /** how many of the last callers went this way; undefined: not shown */
  count: (way: string) => number | undefined;
  moving: (way: string) => readonly Moving[];
  arrived: (moving: Moving) => void;
}

export const canvasKey: InjectionKey<Canvas> = Symbol('sheet of a flow');

export function useCanvas(): Canvas {
  const canvas = inject(canvasKey);
  if (!canvas) throw new Error('only on the sheet of a flow');
  return canvas;
}

/** A way is known by where it begins. */
export const wayId = (node: string, field: string): string => `${node} ${field}`;
