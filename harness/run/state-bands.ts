import type { StateChange } from '../agent/protocol.ts';
import type { Lab } from '../fabric/lab.ts';
import type { Plan, ActionPlan } from '../terms/plan.ts';
import type { BandState, StateBand } from '../terms/timeline-results.ts';
import type { LabClock } from './lab-clock.ts';

/** Records the states of pairs, servers and nodes over time. */
export class StateBands {
  readonly #bands = new Map<string, StateBand>();
  /** Nodes without power: reports of programs that are being killed are ignored. */
  readonly #off = new Set<string>();

  constructor(
    private readonly plan: Plan,
    private readonly lab: Lab,
    private readonly clock: LabClock,
  ) {}

  /** Starts recording, beginning with the current states. */
  async begin(): Promise<void> {
    this.lab.onState((node, change) => this.#onChange(node, change));
    const changed = new Set(this.plan.timeline?.steps.flatMap(({ actions }) => actions.flatMap(powerOf)));
    for (const node of changed) this.#note({ kind: 'node', node }, 'up', 0);
    await Promise.all(this.plan.nodes.map(({ name }) => this.ask(name, 0)));
  }

  end(): void {
    this.lab.onState(() => undefined);
  }

  /** Queries the current states of a node; its own earlier reports are more precise. */
  async ask(node: string, at?: number): Promise<void> {
    const balances = this.plan.nodes.some(({ name, balancer }) => name === node && balancer !== null);
    const [servers, pairs] = await Promise.all([
      balances ? this.lab.node(node).call('serverStates', null) : [],
      Promise.all(
        this.#pairsOf(node).map(async (pair) => ({
          pair,
          state: await this.lab.node(node).call('pairState', { pair }),
        })),
      ),
    ]);
    const now = at ?? this.clock.now();
    for (const { service, server, up } of servers)
      this.#note({ kind: 'server', service, server, at: node }, up ? 'up' : 'down', now);
    for (const { pair, state } of pairs) this.#note({ kind: 'member', pair, node }, state, now);
  }

  /** Records that a node was switched off, paused, or runs again; its pair and server states must be queried then. */
  node(node: string, state: 'up' | 'off' | 'paused', at = this.clock.now()): void {
    this.#note({ kind: 'node', node }, state, at);
    if (state === 'off') this.#off.add(node);
    else this.#off.delete(node);
    if (state === 'up') return;
    for (const pair of this.#pairsOf(node)) this.#note({ kind: 'member', pair, node }, state, at);
    this.balancer(node, state, at);
  }

  /** Records that a node's load balancer has stopped or is paused, and checks no servers. */
  balancer(node: string, state: 'off' | 'paused', at = this.clock.now()): void {
    for (const { of } of [...this.#bands.values()])
      if (of.kind === 'server' && of.at === node) this.#note(of, state, at);
  }

  /** Everything so far. */
  get all(): StateBand[] {
    return [...this.#bands.values()].map(({ of, spans }) => ({ of, spans: inOrder(spans) }));
  }

  #pairsOf(node: string): string[] {
    return (this.plan.pairs ?? []).flatMap(({ name, members }) =>
      members.some((member) => member.node === node) ? [name] : [],
    );
  }

  #onChange(node: string, change: StateChange): void {
    if (this.#off.has(node)) return;
    const at = this.clock.since(change.at);
    if (change.event === 'pair') this.#note({ kind: 'member', pair: change.pair, node }, change.state, at);
    else {
      const { service, server, up } = change;
      this.#note({ kind: 'server', service, server, at: node }, up ? 'up' : 'down', at);
    }
  }

  #note(of: StateBand['of'], state: BandState, at: number): void {
    const key = JSON.stringify(of);
    const band = this.#bands.get(key) ?? { of, spans: [] };
    this.#bands.set(key, band);
    band.spans.push({ fromMs: Math.max(0, at), state });
  }
}

type Span = StateBand['spans'][number];

/** Sorts spans by their start, and merges equal neighbours. */
function inOrder(spans: Span[]): Span[] {
  const sorted = spans.toSorted((a, b) => a.fromMs - b.fromMs);
  return sorted.filter(({ state }, index) => index === 0 || sorted[index - 1]!.state !== state);
}

function powerOf(action: ActionPlan): string[] {
  return action.do === 'kill' || action.do === 'pause' ? [action.node] : [];
}
