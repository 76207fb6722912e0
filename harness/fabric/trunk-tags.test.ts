import { setTimeout as delay } from 'node:timers/promises';
import { readLab, readScenario } from '../scenario/read/read.ts';
import { resolvePlan } from '../scenario/resolve/resolve.ts';
import { parseYaml } from '../scenario/yaml-file.ts';
import type { Plan } from '../terms/plan.ts';
import { trunkDevice } from '../terms/trunk-interface.ts';
import { findEngine, type Engine } from './engine.ts';
import { kernelHas, TRUNK_TAGS } from './kernel-features.ts';
import { Lab } from './lab.ts';
import { topologyOf } from './lab-topology.ts';
import { NodeCapture } from './node-capture.ts';
import { builtImage } from './testing/built-image.ts';

/** An emulated machine is ten times slower. */
const DEADLINE_MS = 600_000;

const POLL_MS = 20;
/** Of IPv4 and ICMP; and of Ethernet as well. */
const IP_HEADERS = 28;
const HEADERS = 14 + IP_HEADERS;
/** Of the router, in either VLAN. */
const NATIVE = '198.51.100.1';
const OTHER = '203.0.113.1';

/** A router on a trunk with two VLANs, of which one is native. */
const LAB = `
title: A trunk
nodes:
  l3: { role: l3 }
  sw: { role: l2, ports: { l3: { trunk: [10, 20], native: 10 }, a: { vlan: 10 }, b: { vlan: 20 } } }
  a: { role: server }
  b: { role: server }
links:
  - { l3: { address: 198.51.100.1/24, vlans: { 20: 203.0.113.1/24 } }, sw: ~ }
  - { a: 198.51.100.10/24, sw: ~ }
  - { b: 203.0.113.20/24, sw: ~ }
`;

function planOf(nodes: string): Plan {
  const yaml = parseYaml(
    'scenario.yaml',
    `{ title: Trunk, lab: lab, nodes: ${nodes}, flows: { f: { from: a, to: l3, protocol: icmp, expect: works } } }`,
  );
  const scenario = readScenario('trunk', 'lab', readLab(parseYaml('lab.yaml', LAB)), yaml);
  return resolvePlan(scenario, scenario.variants[0]!);
}

let engine: Engine;
beforeAll(async () => {
  engine = await findEngine();
}, DEADLINE_MS);

interface Seen {
  /** Null for a frame without a tag. */
  vlan: number | null;
  length: number;
}

/** Frames of IPv4 at an interface of the router while something is done, once there are so many. */
async function framesAt(lab: Lab, iface: string, count: number, work: () => Promise<unknown>): Promise<Seen[]> {
  const seen: Seen[] = [];
  const capture = await NodeCapture.start(engine.docker, lab.node('l3').container.id, iface, (frames) => {
    for (const [, length, text] of frames) {
      const bytes = Buffer.from(text, 'base64');
      const tagged = bytes.readUInt16BE(12) === 0x8100;
      if (bytes.readUInt16BE(tagged ? 16 : 12) !== 0x0800) continue;
      seen.push({ vlan: tagged ? bytes.readUInt16BE(14) & 0xfff : null, length });
    }
  });
  await work();
  while (seen.length < count) await delay(POLL_MS);
  await capture.stop();
  return seen;
}

/** @returns whether it was answered */
async function ping(lab: Lab, from: string, address: string, size = 56): Promise<boolean> {
  const argv: [string, ...string[]] = ['ping', '-c', '1', '-W', '5', '-M', 'do', '-s', String(size), address];
  return (await lab.node(from).call('run', { argv })).code === 0;
}

test(
  'frames on a trunk carry VLAN tags if the kernel supports them',
  async () => {
    const image = builtImage();
    const tagged = await kernelHas(TRUNK_TAGS, engine, image);
    // `npm run check:kernels` asks for it where it is known to be there.
    if (process.env['L4LAB_WANTS_TAGS'] === '1') expect(tagged).toBe(true);
    if (!tagged) return;
    const plan = planOf('{}');
    await using lab = await Lab.boot(topologyOf(plan), { engine, image });
    expect(lab.trunks).toBe('tagged');
    await lab.configure(plan);
    const trunk = trunkDevice('sw');
    const native = await framesAt(lab, trunk, 2, () => ping(lab, 'a', NATIVE));
    expect(native.map(({ vlan }) => vlan)).toEqual([null, null]);
    const other = await framesAt(lab, trunk, 2, () => ping(lab, 'b', OTHER));
    expect(other.map(({ vlan }) => vlan)).toEqual([20, 20]);
    // Neither interface of the router sees what is the other one's.
    const own = await framesAt(lab, 'sw', 2, async () => {
      await ping(lab, 'b', OTHER, 300);
      await ping(lab, 'a', NATIVE, 200);
    });
    expect(own.map(({ length }) => length)).toEqual([200 + HEADERS, 200 + HEADERS]);
    expect(await lab.reset()).toBe(true);

    await lab.configure(planOf('{ l3: { interfaces: { sw.20: { mtu: 1400 } } } }'));
    const came = await framesAt(lab, 'sw.20', 3, async () => {
      // As at an end of a wire, 4 bytes more than the MTU still come in, and no more than that.
      await ping(lab, 'b', OTHER, 1405 - IP_HEADERS);
      await ping(lab, 'b', OTHER, 1404 - IP_HEADERS);
      await ping(lab, 'b', OTHER, 100);
    });
    expect(came.map(({ length }) => length)).not.toContain(1405 + 14);
    expect(came.map(({ length }) => length)).toContain(1404 + 14);
    expect(await ping(lab, 'a', NATIVE, 1500 - IP_HEADERS)).toBe(true);
    expect(await lab.reset()).toBe(true);
  },
  DEADLINE_MS,
);
