import { readFile } from 'node:fs/promises';
import { NetnsLab, ROUTER } from '../../lb/testing/netns-lab.ts';
import { RunningLb } from '../../lb/testing/running-lb.ts';
import { FlowSource } from '../../lb/testing/flow-source.ts';
import type { Mode } from './large-config.ts';
import { largeConfig, lastPort, SERVER_ADDRESSES, VIP } from './large-config.ts';

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

/** What one new flow costs at that size: CPU time from the sender to the receiver's end, in microseconds. */
export interface FlowCost extends Size {
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

/** Measures one size after the other, each in a load balancer of its own. */
export async function* flowCosts(mode: Mode, signal: AbortSignal): AsyncGenerator<FlowCost> {
  for (const size of SIZES) {
    signal.throwIfAborted();
    if (await fits(mode, size)) yield await flowCost(mode, size);
  }
}

/** Servers of dsr cannot be told apart by ports, and conntrack keeps as many flows as this host allows. */
async function fits(mode: Mode, { servers, flows }: Size): Promise<boolean> {
  if (mode === 'dsr') return servers <= SERVER_ADDRESSES.length;
  return flows + MEASURED < Number(await readFile(CONNTRACK_MAX, 'utf8'));
}

async function flowCost(mode: Mode, size: Size): Promise<FlowCost> {
  const lab = await NetnsLab.create({
    client: { links: { l4: '198.51.100.2/24' }, gateway: '198.51.100.1' },
    l4: { links: { client: '198.51.100.1/24', server: '203.0.113.1/24' }, sysctls: ROUTER },
    server: { links: { l4: '203.0.113.2/24' }, loopback: SERVER_ADDRESSES.map((address) => `${address}/32`) },
  });
  try {
    const source = await FlowSource.create(lab);
    const port = lastPort(size.services);
    // Without load, the kernel resolves its neighbours first.
    await source.send(SERVER_ADDRESSES[0]!, port, 1000);
    const directUs = await cost(source, SERVER_ADDRESSES[0]!, port);
    const config = largeConfig(mode, size.services, size.servers, { flowTable: { limit: FLOW_LIMIT } });
    await RunningLb.start(lab, 'l4', config);
    await source.send(VIP, port, size.flows);
    return { ...size, costUs: await cost(source, VIP, port), directUs };
  } finally {
    await lab.close();
  }
}

async function cost(source: FlowSource, host: string, port: number): Promise<number> {
  const { arrived, cpuUs } = await source.send(host, port, MEASURED);
  if (arrived < MEASURED * 0.99) throw new Error(`of ${MEASURED} datagrams to ${host} only ${arrived} arrived`);
  return cpuUs / arrived;
}
