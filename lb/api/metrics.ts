import type { ConntrackStats } from '../host/conntrack.ts';
import type { ServerStatus, ServiceStatus } from './status.ts';

interface Metric<T> {
  name: string;
  type: 'counter' | 'gauge';
  help: string;
  /** Null if unknown: the sample is then omitted. */
  value: (of: T) => number | null;
}

const PER_SERVER: Metric<ServerStatus>[] = [
  { name: 'new_flows_total', type: 'counter', help: 'Flows given to the server.', value: (s) => s.newFlows },
  { name: 'active_flows', type: 'gauge', help: 'Flows that the server has now.', value: (s) => s.activeFlows },
  { name: 'packets_total', type: 'counter', help: 'Packets; in dsr those toward the server.', value: (s) => s.packets },
  { name: 'bytes_total', type: 'counter', help: 'Bytes of these packets.', value: (s) => s.bytes },
  { name: 'server_up', type: 'gauge', help: '1 while the server counts as healthy.', value: (s) => Number(s.up) },
  {
    name: 'server_takes_new_flows',
    type: 'gauge',
    help: '1 while it takes new flows.',
    value: (s) => Number(s.role === 'new'),
  },
  {
    name: 'check_duration_seconds',
    type: 'gauge',
    help: 'How long the last health check took.',
    value: (s) => s.checkDurationMs / 1000,
  },
];

const PER_SERVICE: Metric<ServiceStatus>[] = [
  {
    name: 'forgotten_packets_total',
    type: 'counter',
    help: 'Packets of flows that the full flow table could not keep.',
    value: (s) => s.forgottenPackets,
  },
];

/** The load balancer as a whole. */
export interface OverallStats {
  /** Number of rule changes, and duration of the last one. */
  applied: { count: number; lastMs: number };
  conntrack: ConntrackStats;
}

const OVERALL: Metric<OverallStats>[] = [
  {
    name: 'exhausted_flows_total',
    type: 'counter',
    help: 'Flows that conntrack could not take in, above all since no proxy IP had a free port.',
    value: (o) => o.conntrack.insertFailed,
  },
  {
    name: 'conntrack_evicted_flows_total',
    type: 'counter',
    help: 'Flows without an answer that conntrack, being full, gave up for new ones.',
    value: (o) => o.conntrack.evicted,
  },
  {
    name: 'conntrack_dropped_packets_total',
    type: 'counter',
    help: 'Packets dropped since conntrack was full, or could not take their flow in.',
    value: (o) => o.conntrack.dropped,
  },
  { name: 'conntrack_flows', type: 'gauge', help: 'Flows that conntrack has.', value: (o) => o.conntrack.flows },
  { name: 'conntrack_limit', type: 'gauge', help: 'Flows that it may have.', value: (o) => o.conntrack.limit },
  { name: 'rule_changes_total', type: 'counter', help: 'Changes of the rules.', value: (o) => o.applied.count },
  {
    name: 'rule_change_seconds',
    type: 'gauge',
    help: 'How long the last one took.',
    value: (o) => o.applied.lastMs / 1000,
  },
];

/** Status in the text format of Prometheus (exposition format 0.0.4). */
export function formatMetrics(services: ServiceStatus[], overall: OverallStats): string {
  const servers = services.flatMap((service) =>
    service.servers.map((server) => ({ labels: `service="${service.name}",server="${server.name}"`, of: server })),
  );
  const lines = [
    ...PER_SERVER.flatMap((metric) => family(metric, servers)),
    ...PER_SERVICE.flatMap((metric) =>
      family(
        metric,
        services.map((of) => ({ labels: `service="${of.name}"`, of })),
      ),
    ),
    ...OVERALL.flatMap((metric) => family(metric, [{ labels: '', of: overall }])),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function family<T>({ name, type, help, value }: Metric<T>, samples: { labels: string; of: T }[]): string[] {
  const full = `l4lab_lb_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${type}`,
    ...samples.flatMap(({ labels, of }) => {
      const known = value(of);
      return known === null ? [] : [`${full}${labels === '' ? '' : `{${labels}}`} ${known}`];
    }),
  ];
}
