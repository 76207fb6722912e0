import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { loadProject } from '../api/load-project.ts';
import { labImage, PACKAGE } from '../api/package.ts';
import { run } from '../api/run.ts';
import { untilInterrupted } from '../cli/until-interrupted.ts';
import { EnvironmentError, EXIT, L4labError } from '../harness/errors.ts';
import type { BlockingChain, Fault } from '../harness/terms/fault.ts';

const ENGINE_DEADLINE_MS = 60_000;

/** Only one variant, which speaks IPv4 and IPv6. */
const SCENARIO = 'ipv6/one-arm';
const VARIANT = 'proxy';

/** A firewall of the engine's host, and the expected report of a run. */
interface Case {
  title: string;
  /** nft(8), on the host of the engine. */
  rules: string;
  /** Whether br_netfilter passes bridged frames to iptables and nftables. */
  bridgesFiltered: boolean;
  /** Expected reason why flows are not run; absent if all pass. */
  because?: Expected;
}

/** Expected fault of all flows. */
type Expected =
  | { code: 'networks-blocked'; versions: ('IPv4' | 'IPv6')[]; chain: Partial<BlockingChain> }
  | { code: 'docker-rules-gone' };

const drop = (family: string): string =>
  `table ${family} check { chain forward { type filter hook forward priority 0; policy drop; }; }`;

const CASES: Case[] = [
  { title: 'no firewall', rules: '', bridgesFiltered: true },
  {
    title: 'forwarded packets are dropped',
    rules: drop('inet'),
    bridgesFiltered: true,
    because: {
      code: 'networks-blocked',
      versions: ['IPv4', 'IPv6'],
      chain: { family: 'inet', table: 'check', chain: 'forward', how: 'policy drop' },
    },
  },
  {
    title: 'forwarded packets are dropped, bridged ones are not',
    rules: drop('inet'),
    bridgesFiltered: false,
  },
  {
    title: 'the wires of labs are let through, as the message says',
    rules: `${drop('inet')}\ninsert rule inet check forward iifname "l4lab*" oifname "l4lab*" accept`,
    bridgesFiltered: true,
  },
  {
    title: 'forwarded packets of IPv6 alone are dropped',
    rules: drop('ip6'),
    bridgesFiltered: true,
    because: {
      code: 'networks-blocked',
      versions: ['IPv6'],
      chain: { family: 'ip6', table: 'check', chain: 'forward', how: 'policy drop' },
    },
  },
  {
    title: 'the reverse path is filtered, as by firewalld',
    rules: `table inet check { chain before { type filter hook prerouting priority 10; policy accept;
      icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
      meta nfproto ipv6 fib saddr . mark . iif oif missing drop
    }; }`,
    bridgesFiltered: true,
    because: {
      code: 'networks-blocked',
      versions: ['IPv6'],
      chain: { table: 'check', chain: 'before', how: 'reverse-path filter' },
    },
  },
  // Must be last: Docker has no rules afterwards.
  {
    title: "Docker's rules are flushed",
    rules: 'flush ruleset',
    bridgesFiltered: true,
    because: { code: 'docker-rules-gone' },
  },
];

/**
 * Runs labs behind firewalls, on an engine in a separate network namespace: `npm run check:firewalls`. Needs root and
 * dockerd.
 */
async function main(signal: AbortSignal): Promise<number> {
  await using engine = await PrivateEngine.start();
  await engine.take(labImage());
  // Runs in this process use that engine.
  process.env['DOCKER_HOST'] = engine.endpoint;
  let failed = 0;
  for (const one of CASES) {
    signal.throwIfAborted();
    const wrong = await tryCase(one, engine);
    failed += Number(wrong !== null);
    console.log(wrong === null ? `✓ ${one.title}` : `✗ ${one.title}: ${wrong}`);
  }
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

/** @returns the problem, or null */
async function tryCase({ rules, bridgesFiltered, because }: Case, engine: PrivateEngine): Promise<string | null> {
  const on = bridgesFiltered ? 1 : 0;
  await engine.onHost(['sysctl', '-q', ...['ip', 'ip6'].map((v) => `net.bridge.bridge-nf-call-${v}tables=${on}`)]);
  await engine.onHost(['nft', '-f', '-'], rules);
  const outcome = await outcomeOfRun();
  const tables = ['inet check', 'ip6 check'];
  // Added first, because deleting a missing table is an error.
  await engine.onHost(['nft', '-f', '-'], tables.map((one) => `add table ${one}\ndelete table ${one}\n`).join(''));
  const bridges = await engine.onHost(['ip', '-o', 'link', 'show', 'type', 'bridge']);
  if (!isAsExpected(outcome, because)) return `expected ${textOf(because)}, observed ${textOf(outcome)}`;
  return bridges.includes(': l4lab') ? `bridges stay behind\n${bridges}` : null;
}

/** @returns why no flow was run; undefined if all passed */
async function outcomeOfRun(): Promise<Fault | undefined> {
  const project = await loadProject({ root: PACKAGE });
  try {
    const { scenarios } = await run(project.scenarios(SCENARIO), { variants: [VARIANT] });
    const flows = scenarios.flatMap(({ variants }) => variants.flatMap((variant) => variant.flows));
    const bad = flows.filter(({ verdict }) => verdict !== 'pass');
    if (flows.length === 0 || bad.length > 0)
      throw new Error(`of ${flows.length} flows these did not pass: ${JSON.stringify(bad)}`);
    return undefined;
  } catch (error) {
    if (error instanceof EnvironmentError) return error.fault;
    throw error;
  }
}

function isAsExpected(fault: Fault | undefined, expected: Expected | undefined): boolean {
  if (fault?.code !== expected?.code) return false;
  if (fault?.code !== 'networks-blocked' || expected?.code !== 'networks-blocked') return true;
  const { versions, chains } = fault.params;
  const wanted = Object.entries(expected.chain);
  return (
    versions.join() === expected.versions.join() &&
    chains.some((chain) => wanted.every(([key, value]) => chain[key as keyof BlockingChain] === value))
  );
}

function textOf(outcome: object | undefined): string {
  return outcome === undefined ? 'that all flows pass' : JSON.stringify(outcome);
}

/** A Docker engine in a separate network namespace, with its own folder, unaffected by this machine's firewall. */
class PrivateEngine implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'l4lab-engine-'));
  readonly endpoint = `unix://${this.folder}/docker.sock`;

  static async start(): Promise<PrivateEngine> {
    const engine = new PrivateEngine();
    try {
      await engine.#begin();
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #begin(): Promise<void> {
    const log = { file: join(this.folder, 'log') };
    // A sysfs mount shows the interfaces of the network namespace that it was mounted in.
    const script = `set -e; cd "$1"; mount -t tmpfs tmpfs /run; mkdir cgroup; mount --rbind /sys/fs/cgroup cgroup
      mount -t sysfs sysfs /sys; mount --rbind cgroup /sys/fs/cgroup; ip link set lo up
      echo $$ > pid; exec dockerd --data-root "$1/data" --host "unix://$1/docker.sock" --bip 172.31.255.1/24`;
    const unshare = ['--mount', '--net', '--propagation', 'private', 'sh', '-c', script, 'sh', this.folder];
    const ended = execa('unshare', unshare, { stdin: 'ignore', stdout: log, stderr: log, reject: false });
    let over = false;
    void ended.then(() => (over = true));
    const deadline = performance.now() + ENGINE_DEADLINE_MS;
    while ((await this.#docker(['version'])).failed) {
      if (over || performance.now() > deadline) {
        const output = readFileSync(log.file, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
        throw new L4labError('engine-unavailable', `the engine of the check did not start:\n${output}`);
      }
      await delay(100);
    }
  }

  #docker(args: string[]) {
    return execa('docker', ['--host', this.endpoint, ...args], { reject: false });
  }

  /** Copies an image from the engine that this process uses. */
  async take(image: string): Promise<void> {
    const saved = execa('docker', ['save', image], { buffer: false, encoding: 'buffer' });
    await Promise.all([saved, saved.pipe('docker', ['--host', this.endpoint, 'load', '--quiet'])]);
    await this.#docker(['tag', image, 'l4lab:latest']);
  }

  get #pid(): number | null {
    const file = join(this.folder, 'pid');
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : null;
  }

  /** Runs a program in the network namespace of the engine's host. */
  async onHost(argv: string[], input = ''): Promise<string> {
    return (await execa('nsenter', ['--target', String(this.#pid), '--net', ...argv], { input })).stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pid = this.#pid;
    if (pid !== null && existsSync(`/proc/${pid}`)) {
      process.kill(pid, 'SIGTERM');
      const deadline = performance.now() + ENGINE_DEADLINE_MS;
      while (existsSync(`/proc/${pid}`) && performance.now() < deadline) await delay(100);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

await untilInterrupted(main);
