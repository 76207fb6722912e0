/** Default line width; terminals without a size report 0. */
const WIDTH = 80;

/** Width of output lines. */
export function lineWidth(): number {
  return process.stdout.columns || WIDTH;
}
