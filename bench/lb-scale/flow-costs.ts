import { readFile } from 'node:fs/promises';
import { run } from '../../lb/host/run.ts';
import { NetnsLab, ROUTER } from '../../lb/netns/netns-lab.ts';
import { RunningLb } from '../../lb/netns/running-lb.ts';
import { FlowSource } from '../../lb/netns/flow-source.ts';
import type { Mode } from './large-config.ts';
import { ADDRESSES, familyFor, largeConfig, lastPort } from './large-config.ts';

/** New flows that are measured. */
const MEASURED = 50_000;
/** Large enough for all flows, so that none is forgotten. */
const FLOW_LIMIT = 4_194_304;
const CONNTRACK_MAX = '/proc/sys/net/netfilter/nf_conntrack_max';

/** Size of a configuration and of the table of flows. */
interface Size {
  services: number;
  servers: number;
  flows: number;
}

/** Cost of one new flow at that size: CPU time from the sender to the receiver, microseconds. */
export interface FlowCost extends Size {
  family: keyof typeof ADDRESSES;
  costUs: number;
  /** The same datagram without a load balancer. */
  directUs: number;
}

/** The sizes that are compared; flows grow on one configuration. */
const SIZES: Size[] = [
  ...[1, 10, 100, 1000].map((services) => ({ services, servers: 10, flows: 1000 })),
  ...[100, 1000].map((servers) => ({ services: 1, servers, flows: 1000 })),
  ...[10_000, 100_000, 1_000_000].map((flows) => ({ services: 10, servers: 10, flows })),
];

/** Measures one size after the other, each with a separate load balancer. */
export async function* flowCosts(mode: Mode, signal: AbortSignal): AsyncGenerator<FlowCost> {
  for (const size of SIZES) {
    signal.throwIfAborted();
    if (await fits(mode, size)) yield await flowCost(mode, size);
  }
}

/** Conntrack keeps as many flows as this host allows. */
async function fits(mode: Mode, { flows }: Size): Promise<boolean> {
  return mode === 'dsr' || flows + MEASURED < Number(await readFile(CONNTRACK_MAX, 'utf8'));
}

async function flowCost(mode: Mode, size: Size): Promise<FlowCost> {
  const family = familyFor(mode, size.servers);
  const { vip, servers } = ADDRESSES[family];
  const lab = await NetnsLab.create({
    client: { links: { l4: '198.51.100.2/24 2001:db8:1::2/64' }, gateway: '198.51.100.1 2001:db8:1::1' },
    l4: {
      links: { client: '198.51.100.1/24 2001:db8:1::1/64', server: '203.0.113.1/24 2001:db8:2::1/64' },
      sysctls: ROUTER,
    },
    server: { links: { l4: '203.0.113.2/24 2001:db8:2::2/64' } },
  });
  try {
    await knowNeighbours(lab, servers);
    const source = await FlowSource.create(lab, family);
    const port = lastPort(size.services);
    // Without load, the client resolves its gateway first.
    await source.send(servers[0]!, port, 1000);
    const directUs = await cost(source, servers[0]!, port);
    const config = largeConfig(mode, size.services, size.servers, { flowTable: { limit: FLOW_LIMIT } });
    await RunningLb.start(lab, 'l4', config);
    await source.send(vip, port, size.flows);
    return { ...size, family, costUs: await cost(source, vip, port), directUs };
  } finally {
    await lab.close();
  }
}

/** One node represents all servers, because the kernel does not keep a thousand neighbours that it must resolve. */
async function knowNeighbours(lab: NetnsLab, servers: string[]): Promise<void> {
  const mac = (await lab.exec('server', 'cat', '/sys/class/net/l4/address')).trim();
  const commands = servers.map((address) => `neigh replace ${address} lladdr ${mac} dev server nud permanent`);
  await run('ip-failed', 'ip', ['-n', lab.namespace('l4'), '-batch', '-'], `${commands.join('\n')}\n`);
}

async function cost(source: FlowSource, host: string, port: number): Promise<number> {
  const { arrived, cpuUs } = await source.send(host, port, MEASURED);
  if (arrived < MEASURED * 0.99) throw new Error(`only ${arrived} of ${MEASURED} datagrams to ${host} arrived`);
  return cpuUs / arrived;
}
