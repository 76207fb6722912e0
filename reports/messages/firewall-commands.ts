import type { BlockingChain, Faults } from '../../harness/terms/fault.ts';

type Blocked = Pick<Faults['networks-blocked'], 'chains' | 'wires'>;

/** What lets the wires of labs through the host's firewall and leaves all else as it is; nothing where no rule can. */
export function letThroughCommands({ chains, wires }: Blocked): string[] {
  if (chains.some(({ how }) => how === 'reverse-path filter')) return [];
  const commands = chains.map(({ owner, family, table, chain }) => {
    if (owner === 'ufw') return `sudo ufw route allow in on ${wires}+ out on ${wires}+`;
    // Docker tells firewalld of its networks when it starts.
    if (owner === 'firewalld') return 'sudo systemctl restart docker';
    // A table of bridges calls by these names what are interfaces to others.
    const [from, to] = family === 'bridge' ? ['ibrname', 'obrname'] : ['iifname', 'oifname'];
    const name = `'"${wires}*"'`;
    return `sudo nft insert rule ${family} ${table} ${chain} ${from} ${name} ${to} ${name} accept`;
  });
  return [...new Set(commands)];
}

/** Keeps the host's firewall off bridges; helps against whatever is not a table of bridges itself. */
export function offBridgesCommand(chains: BlockingChain[]): string | null {
  if (chains.length > 0 && chains.every(({ family }) => family === 'bridge')) return null;
  return 'sudo sysctl net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0';
}

/** Shows the rules where none is known to block. @param legacy whether the host has rules of the old iptables */
export function listRulesCommand(legacy: boolean): string {
  return legacy ? 'sudo iptables-legacy-save' : 'sudo nft list ruleset';
}
