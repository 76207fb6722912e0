import type { Compared } from './chosen.ts';
import type { View } from './scale.ts';

/** What a part of the drawing needs to know of its place. */
export interface Place {
  view: View;
  /** Width of what is drawn to scale, pixels; names stand left of it. */
  width: number;
  gutter: number;
  compared: Compared;
}
