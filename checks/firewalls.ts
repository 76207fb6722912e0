import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { labImage, PACKAGE } from '../api/package.ts';
import { untilInterrupted } from '../cli/until-interrupted.ts';
import { EXIT, L4labError } from '../harness/errors.ts';

const ENGINE_DEADLINE_MS = 60_000;

/** Only one variant, which speaks IPv4 and IPv6. */
const RUN = ['setup/l4lab.mjs', 'run', 'ipv6/one-arm', '--variant', 'proxy'];

/** What a firewall of the engine's host does, and what the run is to say of it. */
interface Case {
  title: string;
  /** nft(8), on the host of the engine. */
  rules: string;
  /** Whether br_netfilter hands bridged frames to iptables and nftables. */
  bridgesFiltered: boolean;
  code: number;
  says: RegExp;
}

const drop = (family: string): string =>
  `table ${family} check { chain forward { type filter hook forward priority 0; policy drop; }; }`;

const CASES: Case[] = [
  { title: 'no firewall', rules: '', bridgesFiltered: true, code: EXIT.ok, says: /4 passed/ },
  {
    title: 'forwarded packets are dropped',
    rules: drop('inet'),
    bridgesFiltered: true,
    code: EXIT.unavailable,
    says: /do not carry IPv4 and IPv6[^]*table inet check, chain forward: policy drop/,
  },
  {
    title: 'forwarded packets are dropped, bridged ones are not',
    rules: drop('inet'),
    bridgesFiltered: false,
    code: EXIT.ok,
    says: /4 passed/,
  },
  {
    title: 'the wires of labs are let through, as the message says',
    rules: `${drop('inet')}\ninsert rule inet check forward iifname "l4lab*" oifname "l4lab*" accept`,
    bridgesFiltered: true,
    code: EXIT.ok,
    says: /4 passed/,
  },
  {
    title: 'forwarded packets of IPv6 alone are dropped',
    rules: drop('ip6'),
    bridgesFiltered: true,
    code: EXIT.unavailable,
    says: /do not carry IPv6:[^]*table ip6 check, chain forward: policy drop/,
  },
  {
    title: 'the reverse path is filtered, as by firewalld',
    rules: `table inet check { chain before { type filter hook prerouting priority 10; policy accept;
      icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
      meta nfproto ipv6 fib saddr . mark . iif oif missing drop
    }; }`,
    bridgesFiltered: true,
    code: EXIT.unavailable,
    says: /do not carry IPv6:[^]*chain before: reverse-path filter/,
  },
  // The last: Docker has no rules afterwards.
  {
    title: "Docker's rules are flushed",
    rules: 'flush ruleset',
    bridgesFiltered: true,
    code: EXIT.unavailable,
    says: /its rules are gone[^]*sudo systemctl restart docker/,
  },
];

/** Runs labs behind firewalls, on an engine in a network of its own: `npm run check:firewalls`. Needs root and dockerd. */
async function main(signal: AbortSignal): Promise<number> {
  await using engine = await PrivateEngine.start();
  await engine.take(labImage());
  let failed = 0;
  for (const one of CASES) {
    signal.throwIfAborted();
    const wrong = await tryCase(one, engine);
    failed += Number(wrong !== null);
    console.log(wrong === null ? `✓ ${one.title}` : `✗ ${one.title}: ${wrong}`);
  }
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

/** @returns what is not as it should be, or null */
async function tryCase({ rules, bridgesFiltered, code, says }: Case, engine: PrivateEngine): Promise<string | null> {
  const on = bridgesFiltered ? 1 : 0;
  await engine.onHost(['sysctl', '-q', ...['ip', 'ip6'].map((v) => `net.bridge.bridge-nf-call-${v}tables=${on}`)]);
  await engine.onHost(['nft', '-f', '-'], rules);
  const { exitCode, all } = await execa('node', [...RUN, '--report', join(engine.folder, 'report')], {
    cwd: PACKAGE,
    env: { DOCKER_HOST: engine.endpoint },
    reject: false,
    all: true,
  });
  const tables = ['inet check', 'ip6 check'];
  // Added first: to delete a table that is not there is an error.
  await engine.onHost(['nft', '-f', '-'], tables.map((one) => `add table ${one}\ndelete table ${one}\n`).join(''));
  const bridges = await engine.onHost(['ip', '-o', 'link', 'show', 'type', 'bridge']);
  if (exitCode !== code || !says.test(all)) return `exit ${exitCode}, wanted ${code} and ${says.source}\n${all}`;
  return bridges.includes(': l4lab') ? `bridges stay behind\n${bridges}` : null;
}

/** A Docker engine in a network and with a folder of its own, which the firewall of this machine does not reach. */
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
    // A mount of sysfs shows the interfaces of the network that it is made in.
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
        const said = readFileSync(log.file, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
        throw new L4labError('engine-unavailable', `the engine of the check did not start:\n${said}`);
      }
      await delay(100);
    }
  }

  #docker(args: string[]) {
    return execa('docker', ['--host', this.endpoint, ...args], { reject: false });
  }

  /** Takes an image over from the engine that this process is pointed at. */
  async take(image: string): Promise<void> {
    const saved = execa('docker', ['save', image], { buffer: false, encoding: 'buffer' });
    await Promise.all([saved, saved.pipe('docker', ['--host', this.endpoint, 'load', '--quiet'])]);
    await this.#docker(['tag', image, 'l4lab:latest']);
  }

  get #pid(): number | null {
    const file = join(this.folder, 'pid');
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : null;
  }

  /** Runs a program in the network of the engine's host. */
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
