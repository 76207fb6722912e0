import type { Faults } from '../../harness/terms/fault.ts';
import { letThroughCommands, listRulesCommand, offBridgesCommand } from './firewall-commands.ts';

/** Message that the host's firewall blocks lab traffic, with chains and remedies; in Korean. */
export function networksBlocked(fault: Faults['networks-blocked']): string {
  const { versions, chains, legacy } = fault;
  const offBridges = offBridgesCommand(chains);
  const letThrough = letThroughCommands(fault);
  return [
    `Docker의 네트워크가 ${versions.join(', ')} 패킷을 전달하지 않습니다. 호스트가 브리지를 지나는 패킷을 폐기하므로 어떤 흐름도 판정할 수 없습니다.`,
    ...(chains.length > 0
      ? [
          '브리지를 지나는 패킷도 폐기하거나 거부하는 체인:',
          ...chains.map(
            ({ family, table, chain, how, owner }) => `  table ${family} ${table}, chain ${chain}: ${how} (${owner})`,
          ),
        ]
      : [`nftables에는 그런 체인이 없습니다. 확인: ${listRulesCommand(legacy)}`]),
    ...(offBridges === null
      ? []
      : [
          '브리지를 지나는 패킷을 방화벽에서 제외하십시오(재부팅 전까지, /etc/sysctl.d에 파일로 두면 계속 유지됩니다):',
          `  ${offBridges}`,
        ]),
    ...(letThrough.length === 0
      ? []
      : ['또는 랩의 링크만 통과시키십시오:', ...letThrough.map((command) => `  ${command}`)]),
  ].join('\n');
}
