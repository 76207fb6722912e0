/**
 * The load balancer, measured beside others: `npm run bench:lb -- [--rounds N] [--milliseconds N] [--json FILE]`.
 *
 * Client, balancer and server are network namespaces in a row; the balancer's routes the same way for everybody, so
 * `direct` is what the path itself costs. All run side by side in one run, interleaved; medians and ratios to `direct`
 * are printed. HAProxy and nginx take part when they are installed. Client and server share the CPUs with the balancer
 * and cost most of the time themselves: ratios near 1 say less than small ones.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LoadFigures } from '../lb/testing/load-process.ts';
import { NetnsLab, ROUTER } from '../lb/testing/netns-lab.ts';
import { RunningLb } from '../lb/testing/running-lb.ts';

const VIP = '203.0.113.80';
const SERVER = '203.0.113.11';
const PROXY_IP = '203.0.113.254';
const KINDS = ['requests', 'connections', 'stream', 'datagrams'] as const;
const UNITS = { requests: 'requests/s', connections: 'connections/s', stream: 'Gbit/s', datagrams: 'datagrams/s' };
const PORTS = [
  ['tcp', 80],
  ['udp', 53],
] as const;

/** Something that carries the load: `start` sets it up in the balancer's namespace and returns what takes it down. */
interface Subject {
  name: string;
  host: string;
  udp: boolean;
  start: (lab: NetnsLab) => Promise<() => Promise<unknown>>;
}

type Kind = (typeof KINDS)[number];
type Samples = Record<string, Record<Kind, LoadFigures[]>>;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    milliseconds: { type: 'string', default: '500' },
    json: { type: 'string' },
  },
});

function l4lab(mode: string): Subject {
  const services = PORTS.map(([protocol, port]) => ({
    name: protocol,
    vip: VIP,
    port,
    protocol,
    mode,
    ...(mode === 'proxy' ? { proxyIp: PROXY_IP } : {}),
    servers: [{ name: 's1', address: SERVER }],
  }));
  return {
    name: `l4lab ${mode}`,
    host: VIP,
    udp: true,
    start: async (lab) => {
      const lb = await RunningLb.start(lab, 'l4', { version: 1, vipOwner: false, services });
      return () => lb.stop();
    },
  };
}

/** The smallest rules that do the same for one server. */
function handWritten(mode: string): Subject {
  const each = (rule: (protocol: string, port: number) => string) => PORTS.map(([p, port]) => rule(p, port)).join('\n');
  const dnat = `chain pre {
    type nat hook prerouting priority dstnat;
    ${each((protocol, port) => `ip daddr ${VIP} ${protocol} dport ${port} dnat to ${SERVER}`)}
  }`;
  const snat = `chain post {
    type nat hook postrouting priority srcnat;
    ip daddr ${SERVER} snat to ${PROXY_IP}
  }`;
  const rules: Record<string, string> = {
    dsr: `table netdev hand {
      chain in {
        type filter hook ingress device "client" priority filter;
        ${each((protocol, port) => `ip daddr ${VIP} ${protocol} dport ${port} fwd ip to ${SERVER} device "s1"`)}
      }
    }`,
    dnat: `table ip hand {\n${dnat}\n}`,
    proxy: `table ip hand {\n${dnat}\n${snat}\n}`,
  };
  return {
    name: `by hand ${mode}`,
    host: VIP,
    udp: true,
    start: async (lab) => {
      const file = join(tmpdir(), `${lab.namespace('l4')}.nft`);
      await writeFile(file, rules[mode]!);
      await lab.exec('l4', 'nft', '-f', file);
      if (mode === 'proxy') await lab.exec('l4', 'ip', 'addr', 'add', `${PROXY_IP}/32`, 'dev', 's1');
      return async () => {
        await lab.exec('l4', 'nft', 'flush', 'ruleset');
        if (mode === 'proxy') await lab.exec('l4', 'ip', 'addr', 'del', `${PROXY_IP}/32`, 'dev', 's1');
      };
    },
  };
}

/** A program that ends TCP connections itself; it listens on the VIP. */
function program(name: string, path: string, config: string, args: (file: string) => string[]): Subject {
  return {
    name,
    host: VIP,
    udp: false,
    start: async (lab) => {
      const file = join(tmpdir(), `${lab.namespace('l4')}.${name}`);
      await writeFile(file, config);
      await lab.exec('l4', 'ip', 'addr', 'add', `${VIP}/32`, 'dev', 'lo');
      const child = spawn('ip', ['netns', 'exec', lab.namespace('l4'), path, ...args(file)], { stdio: 'ignore' });
      const ended = once(child, 'exit');
      await untilAnswered(lab);
      return async () => {
        child.kill('SIGTERM');
        await ended;
        await lab.exec('l4', 'ip', 'addr', 'del', `${VIP}/32`, 'dev', 'lo');
      };
    },
  };
}

const HAPROXY = `defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen tcp
  bind ${VIP}:80
  server s1 ${SERVER}:80
`;
const NGINX = `daemon off;
pid /dev/null;
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
events {}
stream { server { listen ${VIP}:80; proxy_pass ${SERVER}:80; } }
`;

async function subjects(): Promise<Subject[]> {
  const installed = (path: string) =>
    access(path).then(
      () => true,
      () => false,
    );
  const direct: Subject = {
    name: 'direct',
    host: SERVER,
    udp: false,
    start: () => Promise.resolve(() => Promise.resolve()),
  };
  const list = [direct, ...['dsr', 'dnat', 'proxy'].flatMap((mode) => [l4lab(mode), handWritten(mode)])];
  const haproxy = '/usr/sbin/haproxy';
  const nginx = '/usr/sbin/nginx';
  if (await installed(haproxy)) list.push(program('haproxy', haproxy, HAPROXY, (file) => ['-db', '-f', file]));
  else console.log('HAProxy is not installed and takes no part.');
  if (await installed(nginx)) list.push(program('nginx', nginx, NGINX, (file) => ['-c', file]));
  else console.log('nginx is not installed and takes no part.');
  return list;
}

async function createLab(): Promise<NetnsLab> {
  return NetnsLab.create({
    client: { links: { l4: '198.51.100.100/24' }, gateway: '198.51.100.1' },
    l4: { links: { client: '198.51.100.1/24', s1: '203.0.113.1/24' }, sysctls: ROUTER },
    s1: { links: { l4: `${SERVER}/24` }, loopback: [`${VIP}/32`], gateway: '203.0.113.1' },
  });
}

/** The servers of datagrams answer from the address they are bound to: the VIP in dsr, their own otherwise. */
async function startServer(lab: NetnsLab, udpHost: string): Promise<() => Promise<unknown>> {
  const file = await lab.program('testing/load-process.ts');
  const child = spawn('ip', ['netns', 'exec', lab.namespace('s1'), process.execPath, file, 'serve', udpHost], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
}

async function load(lab: NetnsLab, kind: Kind, host: string, milliseconds: number): Promise<LoadFigures> {
  const file = await lab.program('testing/load-process.ts');
  return JSON.parse(
    await lab.exec('client', process.execPath, file, 'load', kind, host, String(milliseconds)),
  ) as LoadFigures;
}

async function untilAnswered(lab: NetnsLab): Promise<void> {
  const deadline = performance.now() + 10_000;
  while ((await load(lab, 'connections', VIP, 1)).count === 0) {
    if (performance.now() > deadline) throw new Error('the load balancer under test did not answer within 10 s');
  }
}

async function measure(lab: NetnsLab, list: Subject[]): Promise<Samples> {
  const samples: Samples = Object.fromEntries(
    list.map(({ name }) => [name, { requests: [], connections: [], stream: [], datagrams: [] }]),
  );
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const subject of list) {
      const stopServer = await startServer(lab, subject.name.endsWith('dsr') ? VIP : SERVER);
      const stop = await subject.start(lab);
      try {
        for (const kind of KINDS) {
          if (kind === 'datagrams' && !subject.udp && subject.name !== 'direct') continue;
          samples[subject.name]![kind].push(await load(lab, kind, subject.host, Number(options.milliseconds)));
        }
      } finally {
        await stop();
        await stopServer();
      }
    }
  }
  return samples;
}

function rate(kind: Kind, { count, seconds }: LoadFigures): number {
  return kind === 'stream' ? (count * 8) / seconds / 1e9 : count / seconds;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function summary(samples: Samples) {
  const medians = (name: string, kind: Kind) => median(samples[name]![kind].map((figures) => rate(kind, figures)));
  return Object.keys(samples).flatMap((name) =>
    KINDS.filter((kind) => samples[name]![kind].length > 0).map((kind) => {
      const figures = samples[name]![kind];
      const latency = (percentile: 'p50' | 'p99') =>
        median(figures.flatMap((f) => (f[percentile] === null ? [] : [f[percentile]])));
      const value = medians(name, kind);
      const failed = figures.reduce((sum, f) => sum + f.failed, 0);
      const ratio = value / medians('direct', kind);
      return { name, kind, unit: UNITS[kind], median: value, ratio, p50: latency('p50'), p99: latency('p99'), failed };
    }),
  );
}

const lab = await createLab();
const quit = () => void lab.close().then(() => process.exit(130));
process.once('SIGINT', quit);
process.once('SIGTERM', quit);
try {
  const before = loadavg()[0]!;
  const rows = summary(await measure(lab, await subjects()));
  for (const { name, kind, unit, median: value, ratio, p50, p99, failed } of rows) {
    const latency =
      kind === 'requests' || kind === 'connections' ? `  p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(2)} ms` : '';
    const text = kind === 'stream' ? value.toFixed(2) : value.toFixed(0);
    console.log(
      `${name.padEnd(14)} ${text.padStart(8)} ${unit.padEnd(14)} ${ratio.toFixed(2)} of direct${latency}  failed ${failed}`,
    );
  }
  console.log(`load average before the run: ${before.toFixed(1)} on ${cpus().length} CPUs`);
  if (options.json)
    await writeFile(options.json, `${JSON.stringify({ loadAverage: before, cpus: cpus().length, rows }, null, 2)}\n`);
} finally {
  await lab.close();
}
