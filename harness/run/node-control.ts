import type { NodeAction } from '../agent/protocol.ts';
import type { Lab } from '../fabric/lab.ts';
import type { NodeHandle } from '../fabric/node-handle.ts';
import { linkNumber } from '../terms/link-name.ts';
import type { LinkEnd, OneLink, Plan } from '../terms/plan.ts';

type ControlledLab = Pick<Lab, 'pause' | 'resume'> & { node(name: string): Pick<NodeHandle, 'call'> };

/** Tracks power and pauses of a lab's nodes, and performs actions on them and their wires. */
export class NodeControl {
  readonly #off = new Set<string>();
  readonly #paused = new Set<string>();
  /** Actions for paused nodes, run on resume. */
  readonly #pendingActions = new Map<string, NodeAction[]>();

  constructor(
    private readonly plan: Pick<Plan, 'links'>,
    private readonly lab: ControlledLab,
  ) {}

  /** Nodes whose processes are paused, so they cannot answer. */
  get paused(): ReadonlySet<string> {
    return this.#paused;
  }

  isOff(node: string): boolean {
    return this.#off.has(node);
  }

  runs(node: string): boolean {
    return !this.#off.has(node) && !this.#paused.has(node);
  }

  /** Performs an action by the node's agent; on a paused node after resume. */
  async act(node: string, action: NodeAction): Promise<void> {
    if (this.#paused.has(node)) this.#pendingActions.set(node, [...(this.#pendingActions.get(node) ?? []), action]);
    else await this.lab.node(node).call('act', { action });
  }

  /** Its peers lose their carrier too. */
  async powerOff(node: string): Promise<void> {
    this.#off.add(node);
    await Promise.all([
      this.act(node, { do: 'kill' }),
      ...this.#endsAtPeers(node).map((end) => this.#setCarrier('linkDown', end)),
    ]);
  }

  /** @param isUp which of its peers' interfaces get their carrier back */
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
    // Its frames so far also belong to earlier steps, which are judged meanwhile.
    await this.lab.node(node).call('drain', null);
    await this.lab.pause(node);
    this.#paused.add(node);
  }

  async resume(node: string): Promise<void> {
    await this.resumeProcesses(node);
    for (const action of this.#pendingActions.get(node) ?? []) await this.act(node, action);
    this.#pendingActions.delete(node);
  }

  /** Sets both ends of a wire, except those of nodes without power. */
  async setWire(kind: 'linkDown' | 'linkUp', { link: [a, b], number = 1 }: OneLink): Promise<void> {
    if (kind === 'linkUp' && (this.#off.has(a) || this.#off.has(b))) return;
    await Promise.all(
      this.plan.links
        .filter(({ ends }) => ends.some((end) => isEndOf(end, a, b, number)) && ends.some(({ node }) => node === b))
        .flatMap(({ ends }) => ends.map((end) => this.#setCarrier(kind, end))),
    );
  }

  /** Resumes a paused node without its pending actions. */
  async resumeProcesses(node: string): Promise<void> {
    if (this.#paused.has(node)) await this.lab.resume(node);
    this.#paused.delete(node);
  }

  async #setCarrier(kind: 'linkDown' | 'linkUp', { node, iface }: LinkEnd): Promise<void> {
    if (!this.#off.has(node)) await this.act(node, { do: kind, ifaces: [iface] });
  }

  /** The peers' ends of a node's wires. */
  #endsAtPeers(name: string): LinkEnd[] {
    return this.plan.links.flatMap(({ ends }) =>
      ends.some(({ node }) => node === name) ? ends.filter(({ node }) => node !== name) : [],
    );
  }
}

/** Whether an end belongs to a node's n-th link with another node. */
function isEndOf({ node, iface }: LinkEnd, name: string, peer: string, number: number): boolean {
  return node === name && linkNumber({ name: iface, peer }) === number;
}
