import { spawn } from 'node:child_process';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EnvironmentError } from '../errors.ts';
import { plansOf } from '../scenario/resolve/plans.ts';
import { shippedScenario } from '../project/testing/here.ts';
import type { Plan } from '../terms/plan.ts';
import { findEngine, type Engine } from './engine.ts';
import { prepareHostNetwork } from './host-network.ts';
import { Lab } from './lab.ts';
import { LAB_LABEL, OWNER_LABEL } from './labels.ts';
import { sweep } from './sweep.ts';
import { builtImage } from './testing/built-image.ts';
import { NOTHING, remnants, until, type Remnants } from './testing/remnants.ts';
import { additions, topologyOf } from './lab-topology.ts';

/** A loaded machine boots labs slowly. */
const DEADLINE_MS = 240_000;

const report = join(tmpdir(), 'l4lab-killed-run');

let image: string;
let engine: Engine;
let plans: Plan[];
beforeAll(async () => {
  image = builtImage();
  engine = await findEngine();
  const loaded = shippedScenario('proxy-and-dsr/dsr');
  plans = plansOf(loaded, { variants: [], flows: [] }).map(({ plan }) => plan);
}, DEADLINE_MS);

const boot = (plan: Plan): Promise<Lab> => Lab.boot(topologyOf(plan), { engine, image });

function call(lab: Lab, from: string, address: string, token: string): Promise<{ answered: boolean }> {
  const flow = {
    protocol: 'http' as const,
    address,
    port: 80,
    sourcePort: 0,
    bytes: { request: 0, reply: 0 },
    exchanges: 1,
  };
  return lab.node(from).call('fire', { ...flow, token, timeoutMs: 10_000 });
}

/** A plan with further kernel settings on s1. */
const onServer = (plan: Plan, sysctls: Record<string, string>): Plan => ({
  ...plan,
  nodes: plan.nodes.map((node) => (node.name === 's1' ? { ...node, sysctls: { ...node.sysctls, ...sysctls } } : node)),
});

test(
  'a running lab can grow: new parts work like old ones, and a reset restores all of it',
  async () => {
    const plan = plans[0]!;
    const whole = topologyOf(plan);
    // All but a server and its wire.
    const isLeft = (name: string): boolean => name !== 's2';
    const part = {
      nodes: whole.nodes
        .filter(({ name }) => isLeft(name))
        .map(({ name, ports }) => ({ name, ports: ports.filter(({ peer }) => isLeft(peer)) })),
      links: whole.links.filter(({ ends }) => ends.every(({ node }) => isLeft(node))),
      ipv6: whole.ipv6,
    };
    await using lab = await Lab.boot(part, { engine, image });
    const frames = new Set<string>();
    lab.onFrames((node, iface) => frames.add(`${node} ${iface}`));
    await lab.grow(additions(whole, part), { engine, image, ipv6: whole.ipv6 });
    await lab.configure(plan);
    expect(await call(lab, 'l4', '203.0.113.12', 'l4lab-00000000')).toMatchObject({ answered: true });
    await lab.drain();
    expect([...frames]).toEqual(expect.arrayContaining(['s2 l2', 'l2 s2']));
    expect(await lab.reset()).toBe(true);
    expect((await remnants(engine.docker, LAB_LABEL, lab.id)).containers).toBe(whole.nodes.length);
    const { id } = lab;
    await lab[Symbol.asyncDispose]();
    expect(await remnants(engine.docker, LAB_LABEL, id)).toEqual(NOTHING);
  },
  DEADLINE_MS,
);

const tracked: [string, string] = ['cat', '/proc/sys/net/netfilter/nf_conntrack_count'];

test(
  'a booted lab carries a flow once configured, a reset restores it, and it leaves nothing behind',
  async () => {
    const lab = await boot(plans[0]!);
    try {
      // With the engine's rules, a router would send no redirect about the first packet of a connection.
      const listTables: [string, string, string] = ['nft', 'list', 'tables'];
      expect(await lab.node('l3').call('run', { argv: listTables })).toMatchObject({ code: 0, stdout: '' });
      for (const plan of plans.slice(0, 2)) {
        await lab.configure(plan);
        expect(await call(lab, 'client', '203.0.113.1', 'l4lab-00000000')).toMatchObject({ answered: false });
        expect(await call(lab, 'l4', '203.0.113.11', 'l4lab-00000001')).toMatchObject({ answered: true });
        expect(await lab.reset()).toBe(true);
        // Connections that the node's own rules made it track, or only those of the engine.
        for (const name of ['l4', 's1'])
          expect([name, (await lab.node(name).call('run', { argv: tracked })).stdout]).toEqual([name, '0']);
      }
      // The kernel forgets it with the last address of its interface.
      const byHand = [{ address: '203.0.113.1', dev: 'l2', mac: '02:00:00:00:00:99' }];
      const nodes = plans[0]!.nodes.map((node) => (node.name === 's1' ? { ...node, neighbours: byHand } : node));
      await lab.configure({ ...plans[0]!, nodes });
      expect(await lab.reset()).toBe(true);
      await lab.configure(onServer(plans[0]!, { 'net/ipv4/tcp_timestamps': '0' }));
      const setting = ['cat', '/proc/sys/net/ipv4/tcp_timestamps'] as [string, string];
      expect(await lab.node('s1').call('run', { argv: setting })).toMatchObject({ stdout: '0' });
      expect(await lab.reset()).toBe(true);
      expect(await lab.node('s1').call('run', { argv: setting })).not.toMatchObject({ stdout: '0' });
      await lab.node('s1').call('run', { argv: ['ip', 'addr', 'add', '203.0.113.99/32', 'dev', 'lo'] });
      await lab.configure(plans[0]!);
      expect(await lab.reset()).toBe(false);
    } finally {
      await lab[Symbol.asyncDispose]();
    }
    expect(await remnants(engine.docker, LAB_LABEL, lab.id)).toEqual(NOTHING);
  },
  DEADLINE_MS,
);

test(
  'settings that the kernel refuses are named, and the lab is not used again',
  async () => {
    const lab = await boot(plans[0]!);
    const onlyServer = (sysctls: Record<string, string>): Plan => {
      const { nodes, ...plan } = onServer(plans[0]!, sysctls);
      return { ...plan, nodes: nodes.filter(({ name }) => name === 's1') };
    };
    try {
      for (const [path, value, fault] of [
        ['net/ipv4/no_such', '0', { code: 'sysctl-missing', params: { setting: 'net.ipv4.no_such' } }],
        // Of a whole machine: read-only in a node.
        ['net/netfilter/nf_conntrack_buckets', '16', { code: 'sysctl-read-only' }],
        ['net/ipv4/tcp_ecn', '9', { code: 'sysctl-value', params: { setting: 'net.ipv4.tcp_ecn', value: '9' } }],
      ] as const)
        await expect(lab.configure(onlyServer({ [path]: value }))).rejects.toMatchObject({
          fault: { params: { node: 's1', fault } },
        });
      // The first of these settings stays.
      const wrong = onlyServer({ 'net/ipv4/tcp_timestamps': '0', 'net/ipv4/tcp_ecn': '9' });
      await expect(lab.configure(wrong)).rejects.toMatchObject({ code: 'configure-failed' });
      expect(await lab.reset()).toBe(false);
    } finally {
      await lab[Symbol.asyncDispose]();
    }
  },
  DEADLINE_MS,
);

test(
  'a server stops retransmitting once its connections are dropped',
  async () => {
    const lab = await boot(plans[0]!);
    const run = (node: string, ...argv: [string, ...string[]]) => lab.node(node).call('run', { argv });
    const halfOpen = async () => (await run('s1', 'ss', '-Htn', 'state', 'syn-recv', 'dst', '198.51.100.10')).stdout;
    try {
      await lab.configure(plans[0]!);
      // Half an hour, which nobody waits for.
      await run('s1', 'sh', '-c', 'echo 10 >/proc/sys/net/ipv4/tcp_synack_retries');
      await run('client', 'nft', 'add table ip lost; add chain ip lost in { type filter hook input priority 0; }');
      await run('client', 'nft', 'add rule ip lost in tcp sport 80 drop');
      const flow = {
        protocol: 'http' as const,
        address: '203.0.113.11',
        port: 80,
        sourcePort: 0,
        bytes: { request: 0, reply: 0 },
        exchanges: 1,
      };
      await lab.node('client').call('fire', { ...flow, token: 'l4lab-00000000', timeoutMs: 100 });
      expect(await halfOpen()).toContain('203.0.113.11');
      await lab.node('s1').call('dropConnections', null);
      await until('the half-open connection to end', async () => (await halfOpen()) === '');
      await run('client', 'nft', 'delete table ip lost');
      expect(await call(lab, 'client', '203.0.113.11', 'l4lab-00000001')).toMatchObject({ answered: true });
    } finally {
      await lab[Symbol.asyncDispose]();
    }
  },
  DEADLINE_MS,
);

test(
  'a reset restores a lab with IPv6',
  async () => {
    const loaded = shippedScenario('ipv6/one-arm');
    const { plan } = plansOf(loaded, { variants: ['proxy'], flows: [] })[0]!;
    const lab = await boot(plan);
    try {
      await lab.configure(plan);
      expect(await call(lab, 'client', '2001:db8:5::80', 'l4lab-00000000')).toMatchObject({ answered: true });
      expect(await lab.reset()).toBe(true);
    } finally {
      await lab[Symbol.asyncDispose]();
    }
  },
  DEADLINE_MS,
);

test(
  'a reset restores a lab whose links were down, even if the kernel reports late',
  async () => {
    const loaded = shippedScenario('failures/unreachable');
    const { plan } = plansOf(loaded, { variants: ['server-cut-off'], flows: [] })[0]!;
    const lab = await boot(plan);
    try {
      for (let round = 0; round < 30; round++) {
        await lab.configure(plan);
        expect(await lab.reset()).toBe(true);
      }
    } finally {
      await lab[Symbol.asyncDispose]();
    }
  },
  DEADLINE_MS,
);

test(
  'the same lab can run three times at once',
  async () => {
    const labs = await Promise.all([0, 1, 2].map(() => boot(plans[0]!)));
    try {
      await Promise.all(labs.map((lab) => lab.configure(plans[0]!)));
      const answers = await Promise.all(labs.map((lab, n) => call(lab, 'client', '203.0.113.80', `l4lab-1000000${n}`)));
      expect(answers.map(({ answered }) => answered)).toEqual([true, true, true]);
    } finally {
      await Promise.all(labs.map((lab) => lab[Symbol.asyncDispose]()));
    }
  },
  DEADLINE_MS,
);

test(
  "a wire carries a frame even if it saw the destination MAC on the sender's side, as a cable does",
  async () => {
    const lab = await boot(plans[0]!);
    const at = (node: string, ...argv: [string, ...string[]]): Promise<string> =>
      lab
        .node(node)
        .call('run', { argv })
        .then(({ stdout }) => stdout.trim());
    try {
      await lab.configure(plans[0]!);
      const [own, other] = await Promise.all([
        at('client', 'cat', '/sys/class/net/l3/address'),
        at('l3', 'cat', '/sys/class/net/client/address'),
      ]);
      await at('client', 'ip', 'link', 'set', 'l3', 'address', other);
      await at('client', 'ping', '-c1', '-W1', '198.51.100.77');
      await at('client', 'ip', 'link', 'set', 'l3', 'address', own);
      await at('client', 'ip', 'neigh', 'replace', '198.51.100.1', 'lladdr', other, 'dev', 'l3');
      expect(await at('client', 'ping', '-c1', '-W2', '198.51.100.1')).toContain('1 received');
    } finally {
      await lab[Symbol.asyncDispose]();
    }
  },
  DEADLINE_MS,
);

test(
  "an address of the engine's host is refused, with its name",
  async () => {
    const [address, iface] = [...(await prepareHostNetwork(engine.docker, image, [])).addresses][0]!;
    const lab = await boot(plans[0]!);
    try {
      const stolen = structuredClone(plans[0]!);
      stolen.nodes.find(({ name }) => name === 's1')!.interfaces[0]!.addresses = [`${address}/24`];
      const refused = lab.configure(stolen);
      await expect(refused).rejects.toMatchObject({
        code: 'address-in-use',
        fault: { code: 'addresses-in-use', params: { clashes: [{ address, owner: 's1', iface }] } },
      } satisfies Partial<EnvironmentError>);
    } finally {
      await lab[Symbol.asyncDispose]();
    }
  },
  DEADLINE_MS,
);

test(
  'a killed harness leaves no container, and the next sweep removes its networks',
  async () => {
    const child = spawn('node', ['setup/l4lab.mjs', 'run', 'proxy-and-dsr/dsr', '--report', report], {
      stdio: 'ignore',
    });
    const owner = `${hostname()} ${child.pid!} `;
    const owned = (): Promise<Remnants> => remnants(engine.docker, OWNER_LABEL, owner);
    // From then on nothing of the lab is half made.
    await until('its load balancer to run', async () => {
      const l4 = (await engine.docker.listContainers({ filters: { name: ['-l4$'], label: [OWNER_LABEL] } })).find(
        ({ Labels }) => Labels[OWNER_LABEL]!.startsWith(owner),
      );
      if (l4 === undefined) return false;
      const { Processes: rows } = (await engine.docker.getContainer(l4.Id).top()) as { Processes: string[][] };
      return rows.flat().some((command) => command.includes('lb --config'));
    });
    child.kill('SIGKILL');
    await until('its containers to be gone', async () => (await owned()).containers === 0);
    await sweep(engine.docker, { orphans: true });
    expect(await owned()).toEqual(NOTHING);
  },
  DEADLINE_MS,
);
