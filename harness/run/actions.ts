import { setTimeout as delay } from 'node:timers/promises';
import type { PlainAction } from '../agent/protocol.ts';
import { planAt } from '../scenario/plan-at.ts';
import type { Action } from '../terms/action.ts';
import type { ActionPlan, LinkEnd, NodePlan, Plan } from '../terms/plan.ts';
import type { StepResult } from '../terms/timeline-results.ts';
import type { LabClock } from './lab-clock.ts';
import { NodeControl } from './node-control.ts';
import type { StateBands } from './state-bands.ts';

type Handlers = { [Do in ActionPlan['do']]: (action: Action<Do>, step: number) => Promise<void> | void };

/** Performs the actions of steps on a lab's nodes, and tracks the resulting state. */
export class Actions {
  readonly #nodes: NodeControl;
  /** Nodes without a running load balancer. */
  readonly #withoutBalancer = new Set<string>();
  #flapping: { ended: AbortController; work: Promise<void> }[] = [];

  readonly #handlers: Handlers = {
    kill: ({ node }) => this.#kill(node),
    start: ({ node }, step) => this.#start(node, step),
    pause: ({ node }) => this.#pause(node),
    resume: ({ node }) => this.#resume(node),
    killLb: ({ node }) => this.#endBalancer(node, 'killLb'),
    stopLb: ({ node }) => this.#endBalancer(node, 'stopLb'),
    startLb: ({ node }) => this.#startBalancer(node),
    restartLb: async ({ node }) => {
      await this.#endBalancer(node, 'stopLb');
      await this.#startBalancer(node);
    },
    reloadLb: this.#byAgent('reloadLb'),
    linkDown: (action) => this.#nodes.setWire('linkDown', action),
    linkUp: (action) => this.#nodes.setWire('linkUp', action),
    flap: (action) => this.#flap(action),
    stopListeners: this.#byAgent('stopListeners'),
    startListeners: this.#byAgent('startListeners'),
    failChecks: this.#byAgent('failChecks'),
    passChecks: this.#byAgent('passChecks'),
    flushNeighbours: this.#byAgent('flushNeighbours'),
    flushMacs: this.#byAgent('flushMacs'),
    flushConnections: this.#byAgent('flushConnections'),
    announce: ({ node, iface, address }) => this.#nodes.act(node, { do: 'announce', iface, address }),
    change: (_, step) => this.#change(step),
    drain: (_, step) => this.#change(step),
    undrain: (_, step) => this.#change(step),
    weight: (_, step) => this.#change(step),
    addServer: (_, step) => this.#change(step),
    removeServer: (_, step) => this.#change(step),
  };

  constructor(
    private readonly plan: Plan,
    lab: ConstructorParameters<typeof NodeControl>[1],
    private readonly clock: Pick<LabClock, 'now'>,
    private readonly bands: Pick<StateBands, 'node' | 'balancer' | 'ask'>,
  ) {
    this.#nodes = new NodeControl(plan, lab);
  }

  /** Performs the actions of a step in order. */
  async perform(step: number): Promise<StepResult['actions']> {
    const performed: StepResult['actions'] = [];
    for (const action of this.#step(step).actions) {
      const beginMs = this.clock.now();
      await (this.#handlers[action.do] as (action: ActionPlan, step: number) => Promise<void> | void)(action, step);
      performed.push({ action, beginMs, endMs: this.clock.now() });
    }
    return performed;
  }

  /** Ends actions that last until the end of their step. */
  async endStep(): Promise<void> {
    const ending = this.#flapping;
    this.#flapping = [];
    for (const { ended } of ending) ended.abort();
    await Promise.all(ending.map(({ work }) => work));
  }

  /** Nodes whose processes are paused, so they cannot answer. */
  get paused(): ReadonlySet<string> {
    return this.#nodes.paused;
  }

  /** Whether a node and its load balancer are running. */
  balances(node: string): boolean {
    return this.runs(node) && !this.#withoutBalancer.has(node);
  }

  runs(node: string): boolean {
    return this.#nodes.runs(node);
  }

  /** Resumes every node, so that it can be reset. */
  async restore(): Promise<void> {
    await this.endStep();
    await Promise.all([...this.paused].map((node) => this.#resume(node)));
  }

  async #kill(node: string): Promise<void> {
    await this.#nodes.resumeProcesses(node);
    this.bands.node(node, 'off');
    await this.#nodes.powerOff(node);
  }

  async #start(name: string, step: number): Promise<void> {
    this.#withoutBalancer.delete(name);
    const pairs = (this.plan.pairs ?? []).filter(({ members }) => members.some(({ node }) => node === name));
    const now = planAt(this.plan, step);
    this.bands.node(name, 'up');
    await this.#nodes.powerOn({ do: 'start', node: this.#currentNode(name, step), pairs }, name, (end) =>
      isUp(now, end),
    );
    await this.bands.ask(name);
  }

  async #pause(node: string): Promise<void> {
    await this.#nodes.pause(node);
    this.bands.node(node, 'paused');
  }

  async #resume(node: string): Promise<void> {
    await this.#nodes.resume(node);
    this.bands.node(node, 'up');
    await this.bands.ask(node);
  }

  /** An action that only needs the node's agent. */
  #byAgent(name: PlainAction): (action: { node: string }) => Promise<void> {
    return ({ node }) => this.#nodes.act(node, { do: name });
  }

  async #endBalancer(node: string, how: 'killLb' | 'stopLb'): Promise<void> {
    await this.#nodes.act(node, { do: how });
    this.#withoutBalancer.add(node);
    this.bands.balancer(node, 'off');
  }

  async #startBalancer(node: string): Promise<void> {
    await this.#nodes.act(node, { do: 'startLb' });
    this.#withoutBalancer.delete(node);
    await this.bands.ask(node);
  }

  /** Nodes that are off get the change when they start. */
  async #change(step: number): Promise<void> {
    const changed = this.#step(step).nodes.filter(({ name }) => !this.#nodes.isOff(name));
    await Promise.all(
      changed.map(({ name }) => this.#nodes.act(name, { do: 'change', node: this.#currentNode(name, step) })),
    );
  }

  /** A node's current plan, with those interfaces down whose wire is cut or leads to a node without power. */
  #currentNode(name: string, step: number): NodePlan {
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
        await this.#nodes.setWire('linkDown', link);
        await pause(downMs);
        await this.#nodes.setWire('linkUp', link);
        await pause(upMs);
      }
    })();
    // A failure is reported at the end of the step.
    work.catch(() => undefined);
    this.#flapping.push({ ended, work });
  }

  #step(step: number): NonNullable<Plan['timeline']>['steps'][number] {
    return this.plan.timeline!.steps[step]!;
  }
}

function isUp(plan: Plan, { node, iface }: LinkEnd): boolean {
  const one = plan.nodes.find(({ name }) => name === node)?.interfaces.find(({ name }) => name === iface);
  return one?.up !== false;
}
