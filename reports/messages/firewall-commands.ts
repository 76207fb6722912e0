import type { BlockingChain, Faults } from '../../harness/terms/fault.ts';

type Blocked = Pick<Faults['networks-blocked'], 'chains' | 'wires'>;

/** Commands that allow lab traffic in the host's firewall and change nothing else; empty if no rule can. */
export function letThroughCommands({ chains, wires }: Blocked): string[] {
  if (chains.some(({ how }) => how === 'reverse-path filter')) return [];
  const commands = chains.map(({ owner, family, table, chain }) => {
    if (owner === 'ufw') return `sudo ufw route allow in on ${wires}+ out on ${wires}+`;
    // Docker registers its networks with firewalld when it starts.
    if (owner === 'firewalld') return 'sudo systemctl restart docker';
    // Names of interfaces in tables of family bridge.
    const [from, to] = family === 'bridge' ? ['ibrname', 'obrname'] : ['iifname', 'oifname'];
    const name = `'"${wires}*"'`;
    return `sudo nft insert rule ${family} ${table} ${chain} ${from} ${name} ${to} ${name} accept`;
  });
  return [...new Set(commands)];
}

/** Disables the host's firewall for bridged frames; does not help against tables of family bridge. */
export function offBridgesCommand(chains: BlockingChain[]): string | null {
  if (chains.length > 0 && chains.every(({ family }) => family === 'bridge')) return null;
  return 'sudo sysctl net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0';
}

/** Lists the rules if none is known to block. @param legacy whether the host has rules of the old iptables */
export function listRulesCommand(legacy: boolean): string {
  return legacy ? 'sudo iptables-legacy-save' : 'sudo nft list ruleset';
}
