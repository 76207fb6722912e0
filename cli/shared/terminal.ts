/** Characters of a line where no terminal says how wide it is; one without a size says 0. */
const WIDTH = 80;

/** Characters that a line of output may have. */
export function lineWidth(): number {
  return process.stdout.columns || WIDTH;
}
