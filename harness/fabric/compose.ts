import { stringify } from 'yaml';
import type { NodePlan, Plan } from '../terms/plan.ts';
import { wireSubnet } from './subnets.ts';

/**
 * A lab as a Docker Compose file, to be tried by hand: every node configures itself from its own part of the plan.
 * Compose cannot open /proc/sys/net as labs under the harness do, so settings come by its `sysctls`, for all
 * interfaces at once.
 * @param origin in words, for the head of the file
 */
export function composeFile(plan: Plan, origin: string): string {
  const wires = plan.links.map((link, index) => ({
    name: `wire-${index}-${link.ends[0].node}-${link.ends[1].node}`,
    link,
    ...wireSubnet(index),
  }));
  const networks = wires.map(({ name, subnet, gateway }) => [
    name,
    {
      driver: 'bridge',
      driver_opts: {
        'com.docker.network.bridge.inhibit_ipv4': 'true',
        'com.docker.network.bridge.enable_ip_masquerade': 'false',
        'com.docker.network.bridge.gateway_mode_ipv4': 'routed',
      },
      ipam: { config: [{ subnet, gateway }] },
    },
  ]);
  const services = plan.nodes.map((node) => {
    const own = wires.flatMap(({ name, link, ends }) => {
      const end = link.ends.findIndex((e) => e.node === node.name);
      return end < 0 ? [] : [{ name, iface: link.ends[end]!.iface, wireAddress: ends[end]! }];
    });
    return [node.name, service(node, own)];
  });
  const body = stringify(
    {
      services: Object.fromEntries(services) as unknown,
      networks: Object.fromEntries(networks) as unknown,
    },
    { lineWidth: 0 },
  );
  return `${HEAD(origin)}${body}`;
}

const HEAD = (origin: string): string => `# Generated from ${origin} by \`npm run compose\`; do not edit.
# npm run setup && docker compose up -d --wait, then: docker compose exec client curl http://203.0.113.80/
# docker-compose 1.29 (Debian 12) knows no --wait: there it is up when \`docker-compose ps\` shows all as healthy.
`;

function service(node: NodePlan, wires: { name: string; iface: string; wireAddress: string }[]): unknown {
  const scopes = ['net/ipv4/conf/all/', 'net/ipv4/conf/default/'];
  const sysctls = Object.entries(node.sysctls).filter(
    ([path]) =>
      path === 'net/ipv4/ip_forward' ||
      path === 'net/ipv6/conf/all/disable_ipv6' ||
      scopes.some((scope) => path.startsWith(scope)),
  );
  const macs = new Map(node.interfaces.map(({ name, mac }) => [name, mac]));
  const configuration = {
    plan: { ...node, sysctls: {} },
    wires: wires.map(({ iface, wireAddress }) => ({ name: iface, wireAddress, mac: macs.get(iface)! })),
  };
  return {
    image: '${L4LAB_IMAGE:-l4lab:latest}',
    hostname: node.name,
    cap_drop: ['ALL'],
    cap_add: ['NET_ADMIN', 'NET_RAW'],
    sysctls: Object.fromEntries(sysctls.map(([path, value]) => [path.replaceAll('/', '.'), value])),
    environment: { L4LAB_NODE: JSON.stringify(configuration) },
    healthcheck: { test: ['CMD', 'test', '-e', '/run/l4lab-ready'], interval: '1s', retries: 120 },
    networks: Object.fromEntries(wires.map(({ name, wireAddress }) => [name, { ipv4_address: wireAddress }])),
  };
}
