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
  { name: 'new_flows_total', type: 'counter', help: 'New flows assigned to the server.', value: (s) => s.newFlows },
  { name: 'active_flows', type: 'gauge', help: 'Active flows of the server.', value: (s) => s.activeFlows },
  {
    name: 'packets_total',
    type: 'counter',
    help: 'Packets; in dsr only those toward the server.',
    value: (s) => s.packets,
  },
  { name: 'bytes_total', type: 'counter', help: 'Bytes of these packets.', value: (s) => s.bytes },
  { name: 'server_up', type: 'gauge', help: '1 while the server is healthy.', value: (s) => Number(s.up) },
  {
    name: 'server_takes_new_flows',
    type: 'gauge',
    help: '1 while the server gets new flows.',
    value: (s) => Number(s.role === 'new'),
  },
  {
    name: 'check_duration_seconds',
    type: 'gauge',
    help: 'Duration of the last health check.',
    value: (s) => s.checkDurationMs / 1000,
  },
];

const PER_SERVICE: Metric<ServiceStatus>[] = [
  {
    name: 'forgotten_packets_total',
    type: 'counter',
    help: 'Packets of flows that the full flow table could not store.',
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
    help: 'Flows that conntrack could not add, usually because no proxy IP had a free port.',
    value: (o) => o.conntrack.insertFailed,
  },
  {
    name: 'conntrack_evicted_flows_total',
    type: 'counter',
    help: 'Unanswered flows that a full conntrack table dropped to make room for new ones.',
    value: (o) => o.conntrack.evicted,
  },
  {
    name: 'conntrack_dropped_packets_total',
    type: 'counter',
    help: 'Packets dropped because conntrack was full or could not add their flow.',
    value: (o) => o.conntrack.dropped,
  },
  { name: 'conntrack_flows', type: 'gauge', help: 'Flows in the conntrack table.', value: (o) => o.conntrack.flows },
  {
    name: 'conntrack_limit',
    type: 'gauge',
    help: 'Maximum size of the conntrack table.',
    value: (o) => o.conntrack.limit,
  },
  { name: 'rule_changes_total', type: 'counter', help: 'Number of rule changes.', value: (o) => o.applied.count },
  {
    name: 'rule_change_seconds',
    type: 'gauge',
    help: 'Duration of the last rule change.',
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
