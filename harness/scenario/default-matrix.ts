import { stringify } from 'yaml';
import { contains, host, network } from './address.ts';
import type { LoadedScenario } from './plans.ts';
import { readScenario } from './read.ts';
import type { Lab } from './schema.ts';
import { nodeAddresses } from './lab-queries.ts';
import { parseYaml } from './yaml-file.ts';

/**
 * The default matrix of a topology, as a scenario: a service on all servers, called by every client and
 * every server, in each mode and with either gateway.
 */
export function defaultMatrix(labName: string, lab: Lab): LoadedScenario {
  const names = (role: string): string[] => Object.keys(lab.nodes).filter((name) => lab.nodes[name]!.role === role);
  const servers = names('server');
  const callers = [...names('client'), ...servers];
  const scenario = {
    title: 'Which flows work in which mode',
    lab: labName,
    services: { web: { vip: freeAddress(lab, names('l4')[0]!), port: 80, mode: 'dnat', pool: servers } },
    flows: Object.fromEntries(callers.map((from) => [`${from}-to-web`, { from, to: 'web', expect: 'works' }])),
    variants: Object.fromEntries(
      gateways(lab, servers).flatMap((gateway) =>
        Object.entries(MODES).map(([mode, change]) => [`${mode}-gateway-${gateway}`, { change: change(gateway) }]),
      ),
    ),
  };
  const yaml = parseYaml(`labs/${labName}.yaml`, stringify(scenario));
  return { scenario: readScenario(labName, labName, lab, yaml), yaml };
}

const MODES: Record<string, (gateway: string) => unknown> = {
  dnat: (gateway) => ({ servers: { gateway } }),
  proxy: (gateway) => ({ servers: { gateway }, services: { web: { mode: 'proxy', proxyIp: 'auto' } } }),
  dsr: (gateway) => ({
    servers: { gateway, loopback: ['web'], arpIgnore: 1, arpAnnounce: 2 },
    services: { web: { mode: 'dsr' } },
  }),
};

/** Gateways that every server has in its subnet. */
function gateways(lab: Lab, servers: string[]): string[] {
  const subnets = (name: string): string[] => nodeAddresses(lab, name).map(network);
  const near = (role: string): boolean =>
    servers.every((server) =>
      Object.keys(lab.nodes)
        .filter((name) => lab.nodes[name]!.role === role)
        .some((name) =>
          nodeAddresses(lab, name).some((cidr) => subnets(server).some((net) => contains(net, host(cidr)))),
        ),
    );
  return ['l3', 'l4'].filter(near);
}

/** An address for the VIP: next to the L4's own, taken by nobody. */
function freeAddress(lab: Lab, l4: string): string {
  const taken = new Set(Object.keys(lab.nodes).flatMap((name) => nodeAddresses(lab, name).map(host)));
  const octets = host(nodeAddresses(lab, l4)[0]!).split('.');
  const last = Number(octets.pop());
  for (let offset = 1; offset < 128; offset++) {
    const address = [...octets, String((last + offset) % 255)].join('.');
    if (!taken.has(address)) return address;
  }
  throw new Error(`no free address beside ${l4}`);
}
