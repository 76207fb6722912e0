import type { NodeAction } from '../agent/protocol.ts';
import type { Lab } from '../fabric/lab.ts';
import type { NodeHandle } from '../fabric/node-handle.ts';
import { linkNumber } from '../terms/link-word.ts';
import type { LinkEnd, OneLink, Plan } from '../terms/plan.ts';

type ControlledLab = Pick<Lab, 'pause' | 'resume'> & { node(name: string): Pick<NodeHandle, 'call'> };

/** Which nodes of a lab have power and are not paused, and how actions get to them and to their wires. */
export class NodeControl {
  readonly #off = new Set<string>();
  readonly #paused = new Set<string>();
  /** Actions for paused nodes, run on resume. */
  readonly #owed = new Map<string, NodeAction[]>();

  constructor(
    private readonly plan: Pick<Plan, 'links'>,
    private readonly lab: ControlledLab,
  ) {}

  /** Nodes whose processes stand still: nothing can be asked of them. */
  get paused(): ReadonlySet<string> {
    return this.#paused;
  }

  isOff(node: string): boolean {
    return this.#off.has(node);
  }

  runs(node: string): boolean {
    return !this.#off.has(node) && !this.#paused.has(node);
  }

  /** The agent of a node does an action; that of a paused one does it on resume. */
  async act(node: string, action: NodeAction): Promise<void> {
    if (this.#paused.has(node)) this.#owed.set(node, [...(this.#owed.get(node) ?? []), action]);
    else await this.lab.node(node).call('act', { action });
  }

  /** Its peers lose the carrier with it. */
  async powerOff(node: string): Promise<void> {
    this.#off.add(node);
    await Promise.all([
      this.act(node, { do: 'kill' }),
      ...this.#endsAtPeers(node).map((end) => this.#setCarrier('linkDown', end)),
    ]);
  }

  /** @param isUp at which of its peers' interfaces the carrier comes back */
  async powerOn(
    start: Extract<NodeAction, { do: 'start' }>,
    node: string,
    isUp: (end: LinkEnd) => boolean,
  ): Promise<void> {
    this.#off.delete(node);
    const up = this.#endsAtPeers(node).filter(isUp);
    await Promise.all([this.act(node, start), ...up.map((end) => this.#setCarrier('linkUp', end))]);
  }

  async pause(node: string): Promise<void> {
    // What it has seen so far belongs to earlier steps as well, which are judged meanwhile.
    await this.lab.node(node).call('drain', null);
    await this.lab.pause(node);
    this.#paused.add(node);
  }

  async resume(node: string): Promise<void> {
    await this.awaken(node);
    for (const action of this.#owed.get(node) ?? []) await this.act(node, action);
    this.#owed.delete(node);
  }

  /** Both ends of a wire, but for those of a node without power. */
  async setWire(kind: 'linkDown' | 'linkUp', { link: [a, b], number = 1 }: OneLink): Promise<void> {
    if (kind === 'linkUp' && (this.#off.has(a) || this.#off.has(b))) return;
    await Promise.all(
      this.plan.links
        .filter(({ ends }) => ends.some((end) => isEndOf(end, a, b, number)) && ends.some(({ node }) => node === b))
        .flatMap(({ ends }) => ends.map((end) => this.#setCarrier(kind, end))),
    );
  }

  /** Lets a paused node go on, without what it owes. */
  async awaken(node: string): Promise<void> {
    if (this.#paused.has(node)) await this.lab.resume(node);
    this.#paused.delete(node);
  }

  async #setCarrier(kind: 'linkDown' | 'linkUp', { node, iface }: LinkEnd): Promise<void> {
    if (!this.#off.has(node)) await this.act(node, { do: kind, ifaces: [iface] });
  }

  /** The other ends of a node's wires. */
  #endsAtPeers(name: string): LinkEnd[] {
    return this.plan.links.flatMap(({ ends }) =>
      ends.some(({ node }) => node === name) ? ends.filter(({ node }) => node !== name) : [],
    );
  }
}

/** Whether an end is that of a node at its so-many-th link with another one. */
function isEndOf({ node, iface }: LinkEnd, name: string, peer: string, number: number): boolean {
  return node === name && linkNumber({ name: iface, peer }) === number;
}
