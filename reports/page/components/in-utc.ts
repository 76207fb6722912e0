/** A time (ISO 8601, UTC) as text: `2026-11-21 22:10:04 UTC`. */
export function inUtc(iso: string): string {
  return iso.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
}
