import { program } from './program.ts';

/** MACs that the node's bridge has learned, with the port that it learned each at. @throws Error where there is no bridge */
export async function macTable(): Promise<Record<string, string>> {
  const entries = JSON.parse(await program(['bridge', '-j', 'fdb', 'show', 'br', 'br0'])) as {
    mac: string;
    ifname: string;
    state?: string;
  }[];
  return Object.fromEntries(
    entries.filter(({ state }) => state !== 'permanent').map(({ mac, ifname }) => [mac, ifname]),
  );
}
