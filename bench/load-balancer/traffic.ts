export const HTTP_PORT = 80;
export const BULK_PORT = 5201;
/** Services of every contestant. */
export const SERVICES = [
  { protocol: 'tcp', port: HTTP_PORT },
  { protocol: 'tcp', port: BULK_PORT },
  { protocol: 'udp', port: BULK_PORT },
] as const;

const PARALLEL = 16;

/** Result of one load. */
export interface Sample {
  /** Per second, in the unit of the load. */
  rate: number;
  failed: number;
  /** CPU time of the whole machine per request, connection, gigabit or datagram, in microseconds. */
  cpuUs: number;
  /** Milliseconds; null if requests are not answered one by one. */
  p50: number | null;
  p99: number | null;
}

type Result = Omit<Sample, 'cpuUs'>;

/** A kind of load: its unit, its command, and how to parse the output. */
export interface Load {
  name: string;
  unit: string;
  command: (host: string, seconds: number) => string[];
  read: (output: string) => Result;
  udp?: true;
  /** Share of the direct rate that dsr must reach; null for no target. */
  dsrShare: number | null;
}

export const LOADS: Load[] = [
  {
    name: `requests on ${PARALLEL} kept connections`,
    unit: 'requests/s',
    command: (host, seconds) => wrk(host, seconds, PARALLEL),
    read: readWrk,
    dsrShare: 0.95,
  },
  {
    name: `a connection for each request, ${PARALLEL} at a time`,
    unit: 'connections/s',
    command: (host, seconds) => [...wrk(host, seconds, PARALLEL), '-H', 'Connection: close'],
    read: readWrk,
    dsrShare: 0.9,
  },
  {
    name: 'one request at a time, for its latency',
    unit: 'requests/s',
    command: (host, seconds) => wrk(host, seconds, 1),
    read: readWrk,
    dsrShare: null,
  },
  {
    name: 'one TCP stream toward the service',
    unit: 'Gbit/s',
    command: (host, seconds) => iperf(host, seconds),
    read: (output) => rateOf(iperfSum(output).bits_per_second / 1e9),
    dsrShare: 0.95,
  },
  {
    name: 'UDP datagrams of 64 bytes that arrived',
    unit: 'datagrams/s',
    command: (host, seconds) => [...iperf(host, seconds), '-u', '-b', '0', '-l', '64'],
    read: (output) => {
      const { packets, lost_packets: lost, seconds } = iperfSum(output);
      return rateOf(((packets ?? 0) - (lost ?? 0)) / seconds);
    },
    udp: true,
    dsrShare: null,
  },
];

function wrk(host: string, seconds: number, connections: number): string[] {
  return ['wrk', '-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--latency', `http://${host}/`];
}

/** Parses wrk's text output; wrk has no other format. */
export function readWrk(output: string): Result {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0);
  const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output) ?? [];
  const errors = [...socketErrors.slice(1).map(Number), number(/Non-2xx or 3xx responses: (\d+)/)];
  return {
    rate: number(/Requests\/sec:\s+([\d.]+)/),
    failed: errors.reduce((sum, count) => sum + count, 0),
    p50: latency(output, 50),
    p99: latency(output, 99),
  };
}

function latency(output: string, percent: number): number | null {
  const found = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s)$`, 'm').exec(output);
  return found ? Number(found[1]) * { us: 0.001, ms: 1, s: 1000 }[found[2] as 'us' | 'ms' | 's'] : null;
}

function iperf(host: string, seconds: number): string[] {
  return ['iperf3', '-c', host, '-p', String(BULK_PORT), '-t', String(seconds), '-J'];
}

interface IperfSum {
  seconds: number;
  bits_per_second: number;
  packets?: number;
  lost_packets?: number;
}

function iperfSum(output: string): IperfSum {
  const { end } = JSON.parse(output) as { end: { sum?: IperfSum; sum_received: IperfSum } };
  return end.sum ?? end.sum_received;
}

function rateOf(rate: number): Result {
  return { rate, failed: 0, p50: null, p99: null };
}
