import type { Plan } from '../terms/plan.ts';
import type { Captured } from './recorder.ts';
import type { Sighting } from '../terms/sighting.ts';

/**
 * Determines the direction of each frame. Both ends of a wire share a clock: the end that saw a frame first sent it.
 * For a frame seen at only one end, the source MAC decides.
 * @param captured in time order
 * @param origin nanoseconds; start of the result's times
 */
export function directions(captured: Captured[], plan: Plan, origin: bigint): Sighting[] {
  const wires = new Wires(plan);
  const earlier = firstSeenElsewhere(captured, wires);
  return captured.map((at): Sighting => {
    const first = earlier.get(at);
    const sent = first === undefined ? wires.ownsMac(at) : first;
    return {
      time: Number(at.time - origin),
      node: at.node,
      iface: at.iface,
      direction: sent ? 'out' : 'in',
      frame: at.frame,
    };
  });
}

/** For every frame seen at both ends of its wire: whether this end saw it first. */
function firstSeenElsewhere(captured: Captured[], wires: Wires): Map<Captured, boolean> {
  const waiting = new Map<number, Map<string, Captured[]>>();
  const result = new Map<Captured, boolean>();
  for (const at of captured) {
    const wire = wires.of(at);
    if (wire === undefined) continue;
    const here = waiting.get(wire) ?? new Map<string, Captured[]>();
    waiting.set(wire, here);
    const queue = here.get(at.raw) ?? [];
    const partner = queue[0];
    if (partner !== undefined && partner.node !== at.node) {
      queue.shift();
      result.set(partner, true);
      result.set(at, false);
    } else {
      queue.push(at);
      here.set(at.raw, queue);
    }
  }
  return result;
}

class Wires {
  readonly #wires = new Map<string, number>();
  readonly #macs = new Map<string, string>();
  readonly #bridged = new Set<string>();

  constructor(plan: Plan) {
    plan.links.forEach((link, index) => link.ends.forEach((end) => this.#wires.set(`${end.node} ${end.iface}`, index)));
    for (const node of plan.nodes) {
      if (node.bridge) this.#bridged.add(node.name);
      for (const iface of node.interfaces) this.#macs.set(`${node.name} ${iface.name}`, iface.mac);
    }
    this.#peers = new Map(
      plan.links.flatMap(({ ends: [a, b] }): [string, string][] => [
        [`${a.node} ${a.iface}`, `${b.node} ${b.iface}`],
        [`${b.node} ${b.iface}`, `${a.node} ${a.iface}`],
      ]),
    );
  }

  readonly #peers: Map<string, string>;

  of(at: Captured): number | undefined {
    return this.#wires.get(`${at.node} ${at.iface}`);
  }

  /** A host's frames have its MAC; a switch port sends what its neighbour did not. */
  ownsMac(at: Captured): boolean {
    const here = `${at.node} ${at.iface}`;
    if (this.#macs.get(here) === at.frame.srcMac) return true;
    if (!this.#bridged.has(at.node)) return false;
    return this.#macs.get(this.#peers.get(here) ?? '') !== at.frame.srcMac;
  }
}
