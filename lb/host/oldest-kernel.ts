/** The oldest Linux on which all modes were tested: see docs/where-it-runs.md. */
export const OLDEST_KERNEL = '6.1';

/** @param release as printed by `uname -r`: `6.1.0-50-amd64` */
export function isTooOld(release: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map((part) => parseInt(part, 10));
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_KERNEL.split('.').map(Number);
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}
