import type { Engine } from './engine.ts';
import { Lab } from './lab.ts';
import type { Topology } from './lab-topology.ts';

/** The smallest lab: two nodes and a wire for both IP versions. */
const TWO_NODES: Topology = {
  nodes: [
    { name: 'a', ports: [{ name: 'b', peer: 'b', mac: '02:4c:00:00:00:0a' }] },
    { name: 'b', ports: [{ name: 'a', peer: 'a', mac: '02:4c:00:00:00:0b' }] },
  ],
  links: [
    {
      ends: [
        { node: 'a', iface: 'b' },
        { node: 'b', iface: 'a' },
      ],
    },
  ],
  ipv6: true,
};

/**
 * Boots the smallest lab, sends a packet each way, and removes it.
 * @returns duration of the boot, ms
 * @throws L4labError with the reason why no lab boots
 */
export async function tryLab(engine: Engine, image: string): Promise<number> {
  const began = performance.now();
  const lab = await Lab.boot(TWO_NODES, { engine, image });
  const tookMs = performance.now() - began;
  await lab[Symbol.asyncDispose]();
  return tookMs;
}
