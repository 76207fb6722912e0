import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { NodeAction, StateChange } from '../agent/protocol.ts';
import { planAt } from '../scenario/plan-at.ts';
import { plansOf } from '../scenario/resolve/plans.ts';
import { readLab, readScenario } from '../scenario/read/read.ts';
import { parseYaml } from '../scenario/yaml-file.ts';
import type { Plan } from '../terms/plan.ts';
import { findEngine, type Engine } from './engine.ts';
import { Lab } from './lab.ts';
import { LAB_LABEL, ownerLabel } from './labels.ts';
import { topologyOf } from './lab-topology.ts';
import { sweep } from './sweep.ts';
import { builtImage } from './testing/built-image.ts';
import { NOTHING, remnants } from './testing/remnants.ts';

/** A loaded machine boots labs slowly. */
const DEADLINE_MS = 240_000;
const POLL_MS = 20;

const SCENARIO = `
title: A pair
lab: pair
services:
  web: { vip: 203.0.113.80, port: 80, mode: proxy, proxyIp: 203.0.113.90, l4: [l4a, l4b], pool: [s1, s2] }
nodes:
  l3: { neighbourAgeMs: 500, firewall: stateful, idleTimeoutMs: 1000, onIdle: reset }
  l2: { macAgeMs: 1000 }
  l4a: { idleTimeoutMs: 1000 }
pairs:
  edge: { nodes: [l4a, l4b], advertMs: 50 }
streams:
  calls: { from: client, to: web, every: 20ms }
steps:
  rewired: { do: { change: { servers: { gateway: none }, services: { web: { pool: [s3] } } } }, for: 1s, expect: { calls: works } }
`;

let image: string;
let engine: Engine;
let plan: Plan;
beforeAll(async () => {
  image = builtImage();
  engine = await findEngine();
  const yaml = parseYaml('pair.yaml', SCENARIO);
  const lab = readLab(parseYaml('labs/pair.yaml', readFileSync('labs/pair.yaml', 'utf8')));
  const scenario = readScenario('pair', 'pair', lab, yaml);
  plan = plansOf({ scenario, yaml }, { variants: [], flows: [] })[0]!.plan;
}, DEADLINE_MS);

/** A lab with what this file asks of it. */
class PairLab {
  readonly states: (StateChange & { node: string })[] = [];
  readonly #arps: string[] = [];

  constructor(readonly lab: Lab) {
    lab.onState((node, change) => this.states.push({ ...change, node }));
    const owners = new Map(plan.nodes.flatMap(({ name, interfaces }) => interfaces.map(({ mac }) => [mac, name])));
    lab.onFrames((node, iface, frames) => {
      if (node !== 'l3' || iface !== 'l2') return;
      for (const [, , bytes] of frames) {
        const frame = Buffer.from(bytes, 'base64');
        const [sender, target] = [frame.subarray(28, 32), frame.subarray(38, 42)];
        const from = owners.get(frame.toString('hex', 6, 12).replace(/..(?=.)/g, '$&:'));
        // A gratuitous ARP asks everybody for the sender's own address.
        if (frame.readUInt16BE(12) === 0x0806 && sender.equals(target)) this.#arps.push(`${from} ${sender.join('.')}`);
      }
    });
  }

  node(name: string) {
    return plan.nodes.find((node) => node.name === name)!;
  }

  act(node: string, action: NodeAction): Promise<unknown> {
    return this.lab.node(node).call('act', { action });
  }

  async run(node: string, ...argv: [string, ...string[]]): Promise<string> {
    return (await this.lab.node(node).call('run', { argv })).stdout;
  }

  async startPair(change = {}): Promise<void> {
    const pair = { ...plan.pairs![0]!, ...change };
    await this.lab.node('l4a').call('startPair', { pair, node: 'l4a' });
    await this.until('l4a is master', async () => (await this.state('l4a')) === 'master');
    await this.lab.node('l4b').call('startPair', { pair, node: 'l4b' });
  }

  state(node: string): Promise<string> {
    return this.lab.node(node).call('pairState', { pair: 'edge' });
  }

  /** Who answered a call to the VIP, or why nobody did. */
  async call(timeoutMs = 5000, from = 'client', address = '203.0.113.80'): Promise<string> {
    const { answer, outcome } = await this.lab.node(from).call('fire', {
      token: 'l4lab-00000000',
      protocol: 'tcp',
      address,
      port: 80,
      sourcePort: 0,
      bytes: { request: 0, reply: 0 },
      exchanges: 1,
      timeoutMs,
    });
    return answer?.server ?? outcome;
  }

  /** Gratuitous ARPs for addresses of the pair since it was asked last, by their sender. */
  async gratuitous(): Promise<string[]> {
    await this.lab.drain();
    return this.#arps.splice(0).filter((one) => /\.(80|90)$/.test(one));
  }

  async until(awaited: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(`waited 20 s until ${awaited}`);
      await delay(POLL_MS);
    }
  }
}

test(
  'the master of a pair is killed and returns: addresses move, neighbours are notified, and a reset leaves nothing',
  async () => {
    await using lab = await Lab.boot(topologyOf(plan), { engine, image });
    const pair = new PairLab(lab);
    await lab.configure(plan);
    expect(await pair.call(300)).not.toMatch(/^s/);
    await pair.startPair({ sync: 'conntrackd' });
    expect(['s1', 's2']).toContain(await pair.call());
    await pair.until('l4b knows the connection', async () =>
      (await pair.run('l4b', 'conntrack', '-L', '-p', 'tcp')).includes('dst=203.0.113.80'),
    );
    expect((await pair.gratuitous()).sort()).toEqual(['l4a 203.0.113.80', 'l4a 203.0.113.90']);

    await Promise.all([pair.act('l4a', { do: 'kill' }), pair.act('l2', { do: 'linkDown', ifaces: ['l4a'] })]);
    await pair.until('l4b is master', async () => (await pair.state('l4b')) === 'master');
    expect(['s1', 's2']).toContain(await pair.call());
    expect((await pair.gratuitous()).sort()).toEqual(['l4b 203.0.113.80', 'l4b 203.0.113.90']);
    expect(await pair.state('l4a')).toBe('fault');
    expect(await pair.run('l4a', 'nft', 'list', 'tables')).not.toContain('l4lab');
    expect(await pair.run('l4a', 'ip', '-o', 'addr', 'show', 'dev', 'l2')).toBe('');
    expect(await pair.run('l4a', 'ps', '-A', '-o', 'stat=,comm=')).not.toMatch(/^[^Z].*(keepalived|lb)/m);
    expect(pair.states.filter(({ event }) => event === 'pair')).toMatchObject([
      { node: 'l4a', state: 'backup' },
      { node: 'l4a', state: 'master' },
      { node: 'l4b', state: 'backup' },
      { node: 'l4b', state: 'master' },
    ]);

    await Promise.all([
      pair.act('l4a', { do: 'start', node: pair.node('l4a'), pairs: plan.pairs! }),
      pair.act('l2', { do: 'linkUp', ifaces: ['l4a'] }),
    ]);
    await pair.until('l4a is master again', async () => (await pair.state('l4a')) === 'master');
    await pair.until('l4b is backup', async () => (await pair.state('l4b')) === 'backup');
    expect(['s1', 's2']).toContain(await pair.call());

    // A master that stands still says nothing; its kernel goes on, and so do its addresses.
    await lab.pause('l4a');
    await pair.until('l4b has taken over', async () => (await pair.state('l4b')) === 'master');
    await lab.drain();
    await lab.resume('l4a');
    await pair.until('one of them has given way', async () => (await pair.state('l4b')) === 'backup');

    await pair.act('l3', { do: 'kill' });
    await Promise.all([pair.act('l4b', { do: 'killLb' }), pair.act('s1', { do: 'linkDown', ifaces: ['l2'] })]);
    expect(await lab.reset()).toBe(true);

    // The same lab again, without telling neighbours.
    await lab.configure(plan);
    await pair.gratuitous();
    await pair.startPair({ gratuitousArp: false });
    expect(['s1', 's2']).toContain(await pair.call());
    expect(await pair.gratuitous()).toEqual([]);
    expect(await lab.reset()).toBe(true);
  },
  DEADLINE_MS,
);

test(
  'steps have their effects on nodes, and a reset undoes all of them',
  async () => {
    await using lab = await Lab.boot(topologyOf(plan), { engine, image });
    const pair = new PairLab(lab);
    await lab.configure(plan);
    await pair.startPair();
    expect(await pair.call(5000, 's3', '203.0.113.11')).toBe('s1');

    await pair.act('s1', { do: 'stopListeners' });
    expect(await pair.call(5000, 's3', '203.0.113.11')).toBe('ECONNREFUSED');
    await pair.act('s1', { do: 'startListeners' });
    const status = (path: string) =>
      pair.run('s3', 'curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', `http://203.0.113.11/${path}`);
    expect(await status('health')).toBe('200');
    await pair.act('s1', { do: 'failChecks' });
    expect([await status('health'), await status('l4lab-00000001')]).toEqual(['503', '200']);
    await pair.act('s1', { do: 'passChecks' });
    expect(await status('health')).toBe('200');

    await pair.act('s1', { do: 'linkDown', ifaces: ['l2'] });
    expect(await pair.run('s1', 'ip', 'route')).toBe('');
    await pair.act('s1', { do: 'linkUp', ifaces: ['l2'] });
    expect(await pair.run('s1', 'ip', 'route', 'show', 'default')).toContain('via 203.0.113.1 dev l2');
    expect(await pair.call(5000, 's3', '203.0.113.11')).toBe('s1');

    for (const action of ['killLb', 'stopLb', 'startLb', 'reloadLb', 'flushNeighbours', 'flushConnections'] as const)
      await pair.act('l4a', { do: action });
    await pair.act('l2', { do: 'flushMacs' });
    expect(['s1', 's2']).toContain(await pair.call());
    await pair.act('l4a', { do: 'stopLb' });
    expect(await pair.call()).toBe('ECONNREFUSED');
    await pair.act('l4a', { do: 'startLb' });

    // Whoever is not the owner says that it is.
    await pair.gratuitous();
    await pair.act('s3', { do: 'announce', iface: 'l2', address: '203.0.113.80' });
    expect(await pair.gratuitous()).toContain('s3 203.0.113.80');
    await pair.act('l4a', { do: 'announce', iface: 'l2', address: '203.0.113.80' });
    expect(await pair.gratuitous()).toContain('l4a 203.0.113.80');
    expect(['s1', 's2']).toContain(await pair.call());

    const changed = planAt(plan, 0);
    await Promise.all(changed.nodes.map((node) => pair.act(node.name, { do: 'change', node })));
    expect(await pair.call()).toBe('s3');
    expect(await pair.run('s1', 'ip', 'route', 'show', 'default')).toBe('');
    expect(await lab.reset()).toBe(true);
    const ages = await pair.run('l3', 'cat', '/proc/sys/net/ipv4/neigh/l2/base_reachable_time_ms');
    expect(ages).toBe('30000');
  },
  DEADLINE_MS,
);

test(
  'a lab with a paused node is removed like any other, by its run and by a sweep',
  async () => {
    const lab = await Lab.boot(topologyOf(plan), { engine, image });
    await lab.configure(plan);
    await lab.pause('l4b');
    await lab[Symbol.asyncDispose]();
    expect(await remnants(engine.docker, LAB_LABEL, lab.id)).toEqual(NOTHING);

    const left = await Lab.boot(topologyOf(plan), { engine, image });
    await left.configure(plan);
    await left.pause('l4b');
    await sweep(engine.docker, { owner: ownerLabel() });
    expect(await remnants(engine.docker, LAB_LABEL, left.id)).toEqual(NOTHING);
    await left[Symbol.asyncDispose]();
  },
  DEADLINE_MS,
);
