import type { Compared } from './chosen.ts';
import type { View } from './scale.ts';

/** Horizontal position and scale of the drawing. */
export interface Place {
  view: View;
  /** Width of the part drawn to scale, pixels; names are to the left of it. */
  width: number;
  gutter: number;
  compared: Compared;
}
