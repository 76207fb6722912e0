/** A range of ports: `40000-40099`. */
export const PORT_RANGE = /^(\d{1,5})-(\d{1,5})$/;

/** First and last port of a range. */
export function portRange(text: string): { first: number; last: number } {
  const [, first, last] = PORT_RANGE.exec(text) ?? [];
  return { first: Number(first), last: Number(last) };
}

/** Whether a text is a range of valid ports. */
export function isPortRange(text: string): boolean {
  const { first, last } = portRange(text);
  return first >= 1 && first <= last && last <= 65535;
}
