import { macKey } from '../terms/mac-key.ts';
import { program } from './programs/program.ts';

/** Ports of MACs that the node's bridges have learned, by `macKey`. */
export async function macTable(): Promise<Record<string, string>> {
  const entries = JSON.parse(await program(['bridge', '-j', 'fdb', 'show'])) as {
    mac: string;
    ifname: string;
    master?: string;
    state?: string;
  }[];
  return Object.fromEntries(
    entries.flatMap(({ mac, ifname, master, state }) => {
      if (master === undefined || state === 'permanent') return [];
      const [, vlan] = master.split('.');
      return [[macKey(mac, vlan === undefined ? undefined : Number(vlan)), ifname]];
    }),
  );
}
