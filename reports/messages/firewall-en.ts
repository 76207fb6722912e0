import type { BlockingChain, Faults } from '../../harness/terms/fault.ts';
import { letThroughCommands, listRulesCommand, offBridgesCommand } from './firewall-commands.ts';

const OWNERS: Record<BlockingChain['owner'], string> = {
  ufw: 'ufw',
  firewalld: 'firewalld',
  nftables: 'nftables, as in /etc/nftables.conf',
  iptables: 'iptables',
};

/** Message that the host's firewall blocks lab traffic, with chains and remedies; in English. */
export function networksBlocked(fault: Faults['networks-blocked']): string {
  const { versions, chains, legacy } = fault;
  const offBridges = offBridgesCommand(chains);
  const letThrough = letThroughCommands(fault);
  return [
    `Docker's networks do not carry ${versions.join(' and ')}: the host drops packets on bridges, so no flow can be judged.`,
    ...(chains.length > 0
      ? [
          'These chains drop or reject packets there, bridged ones included:',
          ...chains.map(
            ({ family, table, chain, how, owner }) =>
              `  table ${family} ${table}, chain ${chain}: ${how} (${OWNERS[owner]})`,
          ),
        ]
      : [`No nftables chain does this. See: ${listRulesCommand(legacy)}`]),
    ...(offBridges === null
      ? []
      : [
          'Keep the firewall off bridges until the next boot (a file in /etc/sysctl.d makes it last):',
          `  ${offBridges}`,
        ]),
    ...(letThrough.length === 0
      ? []
      : ['Or let the wires of labs through, and nothing else:', ...letThrough.map((command) => `  ${command}`)]),
  ].join('\n');
}
