import { setTimeout as delay } from 'node:timers/promises';
import type { NodeAction } from '../agent/protocol.ts';
import type { Lab } from '../fabric/lab.ts';
import type { NodeHandle } from '../fabric/node-handle.ts';
import { planAt } from '../scenario/plan-at.ts';
import type { LinkEnd, NodePlan, Plan, ActionPlan, OneLink } from '../terms/plan.ts';
import { linkNumber } from '../terms/link-word.ts';
import type { StepResult } from '../terms/timeline-results.ts';
import type { StateBands } from './state-bands.ts';
import type { LabClock } from './lab-clock.ts';

/** Does what steps say to the nodes of a lab, and knows what state that has left them in. */
export class Actions {
  readonly #off = new Set<string>();
  readonly #paused = new Set<string>();
  /** Nodes without a running load balancer. */
  readonly #unbalanced = new Set<string>();
  /** Actions for paused nodes, run on resume. */
  readonly #owed = new Map<string, NodeAction[]>();
  #flapping: { ended: AbortController; work: Promise<void> }[] = [];

  constructor(
    private readonly plan: Plan,
    private readonly lab: Pick<Lab, 'pause' | 'resume'> & { node(name: string): Pick<NodeHandle, 'call'> },
    private readonly clock: Pick<LabClock, 'now'>,
    private readonly bands: Pick<StateBands, 'node' | 'balancer' | 'ask'>,
  ) {}

  /** Does the actions of a step, one after the other. */
  async perform(step: number): Promise<StepResult['actions']> {
    const performed: StepResult['actions'] = [];
    for (const action of this.#step(step).actions) {
      const beginMs = this.clock.now();
      await this.#do(action, step);
      performed.push({ action, beginMs, endMs: this.clock.now() });
    }
    return performed;
  }

  /** Ends what goes on until the end of its step. */
  async endStep(): Promise<void> {
    const ending = this.#flapping;
    this.#flapping = [];
    for (const { ended } of ending) ended.abort();
    await Promise.all(ending.map(({ work }) => work));
  }

  /** Nodes whose processes stand still: nothing can be asked of them. */
  get paused(): ReadonlySet<string> {
    return this.#paused;
  }

  /** Whether a node runs, with its load balancer. */
  balances(node: string): boolean {
    return this.runs(node) && !this.#unbalanced.has(node);
  }

  runs(node: string): boolean {
    return !this.#off.has(node) && !this.#paused.has(node);
  }

  /** Lets every node be asked again, so that it can be reset. */
  async restore(): Promise<void> {
    await this.endStep();
    await Promise.all([...this.#paused].map((node) => this.#resume(node)));
  }

  async #do(action: ActionPlan, step: number): Promise<void> {
    switch (action.do) {
      case 'kill':
        await this.#kill(action.node);
        return;
      case 'start':
        await this.#start(action.node, step);
        return;
      case 'pause':
        // What it has seen so far belongs to earlier steps as well, which are judged meanwhile.
        await this.lab.node(action.node).call('drain', null);
        await this.lab.pause(action.node);
        this.#paused.add(action.node);
        this.bands.node(action.node, 'paused');
        return;
      case 'resume':
        await this.#resume(action.node);
        return;
      case 'linkDown':
      case 'linkUp':
        await this.#wire(action.do, action);
        return;
      case 'flap':
        this.#flap(action);
        return;
      case 'announce':
        await this.#act(action.node, { do: 'announce', iface: action.iface, address: action.address });
        return;
      case 'change':
      case 'drain':
      case 'undrain':
      case 'weight':
      case 'addServer':
      case 'removeServer':
        await this.#change(step);
        return;
      case 'restartLb':
        await this.#do({ ...action, do: 'stopLb' }, step);
        await this.#do({ ...action, do: 'startLb' }, step);
        return;
      default:
        await this.#act(action.node, { do: action.do });
        await this.#noteBalancer(action.do, action.node);
    }
  }

  async #kill(name: string): Promise<void> {
    await this.#awaken(name);
    this.bands.node(name, 'off');
    this.#off.add(name);
    await Promise.all([
      this.#act(name, { do: 'kill' }),
      ...this.#endsAtPeers(name).map((end) => this.#link('linkDown', end)),
    ]);
  }

  async #start(name: string, step: number): Promise<void> {
    this.#off.delete(name);
    this.#unbalanced.delete(name);
    const pairs = (this.plan.pairs ?? []).filter(({ members }) => members.some(({ node }) => node === name));
    const now = planAt(this.plan, step);
    this.bands.node(name, 'up');
    const up = this.#endsAtPeers(name).filter((end) => isUp(now, end));
    await Promise.all([
      this.#act(name, { do: 'start', node: this.#inForce(name, step), pairs }),
      ...up.map((end) => this.#link('linkUp', end)),
    ]);
    await this.bands.ask(name);
  }

  async #resume(name: string): Promise<void> {
    await this.#awaken(name);
    for (const action of this.#owed.get(name) ?? []) await this.#act(name, action);
    this.#owed.delete(name);
    this.bands.node(name, 'up');
    await this.bands.ask(name);
  }

  async #awaken(name: string): Promise<void> {
    if (this.#paused.has(name)) await this.lab.resume(name);
    this.#paused.delete(name);
  }

  /** Nodes that are off come back with it. */
  async #change(step: number): Promise<void> {
    const changed = this.#step(step).nodes.filter(({ name }) => !this.#off.has(name));
    await Promise.all(changed.map(({ name }) => this.#act(name, { do: 'change', node: this.#inForce(name, step) })));
  }

  async #noteBalancer(action: ActionPlan['do'], node: string): Promise<void> {
    if (action === 'killLb' || action === 'stopLb') {
      this.#unbalanced.add(node);
      this.bands.balancer(node, 'off');
    }
    if (action === 'startLb') {
      this.#unbalanced.delete(node);
      await this.bands.ask(node);
    }
  }

  /** A node as the plan has it by now, with those interfaces down whose wire is cut or leads to a node without power. */
  #inForce(name: string, step: number): NodePlan {
    const steps = this.plan.timeline!.steps.slice(0, step + 1);
    const nodes = [...this.plan.nodes, ...steps.flatMap((one) => one.nodes)];
    const { interfaces } = planAt(this.plan, step).nodes.find((node) => node.name === name)!;
    return { ...nodes.findLast((node) => node.name === name)!, interfaces };
  }

  #flap({ downMs, upMs, ...link }: Extract<ActionPlan, { do: 'flap' }>): void {
    const ended = new AbortController();
    const { signal } = ended;
    const pause = (ms: number): Promise<void> => delay(ms, undefined, { signal }).catch(() => undefined);
    const work = (async () => {
      while (!signal.aborted) {
        await this.#wire('linkDown', link);
        await pause(downMs);
        await this.#wire('linkUp', link);
        await pause(upMs);
      }
    })();
    // Whoever ends the step is told of a failure.
    work.catch(() => undefined);
    this.#flapping.push({ ended, work });
  }

  /** Both ends of a wire, but for those of a node without power. */
  async #wire(kind: 'linkDown' | 'linkUp', { link: [a, b], number = 1 }: OneLink): Promise<void> {
    if (kind === 'linkUp' && (this.#off.has(a) || this.#off.has(b))) return;
    await Promise.all(
      this.plan.links
        .filter(({ ends }) => ends.some((end) => isEndOf(end, a, b, number)) && ends.some(({ node }) => node === b))
        .flatMap(({ ends }) => ends.map((end) => this.#link(kind, end))),
    );
  }

  async #link(kind: 'linkDown' | 'linkUp', { node, iface }: LinkEnd): Promise<void> {
    if (!this.#off.has(node)) await this.#act(node, { do: kind, ifaces: [iface] });
  }

  async #act(node: string, action: NodeAction): Promise<void> {
    if (this.#paused.has(node)) this.#owed.set(node, [...(this.#owed.get(node) ?? []), action]);
    else await this.lab.node(node).call('act', { action });
  }

  /** The other ends of a node's wires. */
  #endsAtPeers(name: string): LinkEnd[] {
    return this.plan.links.flatMap(({ ends }) =>
      ends.some(({ node }) => node === name) ? ends.filter(({ node }) => node !== name) : [],
    );
  }

  #step(step: number): NonNullable<Plan['timeline']>['steps'][number] {
    return this.plan.timeline!.steps[step]!;
  }
}

/** Whether an end is that of a node at its so-many-th link with another one. */
function isEndOf({ node, iface }: LinkEnd, name: string, peer: string, number: number): boolean {
  return node === name && linkNumber({ name: iface, peer }) === number;
}

function isUp(plan: Plan, { node, iface }: LinkEnd): boolean {
  const one = plan.nodes.find(({ name }) => name === node)?.interfaces.find(({ name }) => name === iface);
  return one?.up !== false;
}
