import type { LbServer } from '../../../lb/terms/config.ts';
import { isDirect } from '../../terms/mode.ts';
import type { ActionPlan } from '../../terms/plan.ts';
import type { Prediction } from '../../terms/walk.ts';
import type { Choices } from '../simulation/choices.ts';
import type { Connection } from '../simulation/conntrack.ts';
import type { Memory } from '../simulation/memory.ts';
import type { Route } from '../simulation/network.ts';
import type { Run } from '../simulation/run.ts';

/** A kept connection: the state that all nodes have for it, for one of its possible courses. */
export interface Kept {
  memory: Memory;
  /** Choices made by hashes when it was opened or last moved. */
  hashed: ReadonlyMap<string, Hashed>;
  /** Present if its last call is unanswered: for how long, at most, ms, and what happened to the call. */
  waiting?: { forMs: number; prediction: Prediction };
  /** Servers that closed it in the step's actions. */
  endedBy?: string[];
}

/** Result of a hash: deterministic for the same candidates, on any load balancer. */
interface Hashed {
  took: string;
  of: string;
}

/**
 * Decides for one connection: a hash over the same servers or next hops gives the same result, on another load balancer
 * too (their seed is fixed, lb/render/choose.ts). Over others it may differ.
 */
export class ConnectionChoices implements Choices {
  readonly #hashed: Map<string, Hashed>;
  /** Services and next hops whose choice is unknown. */
  readonly open = new Set<string>();

  constructor(
    private readonly base: Choices,
    private readonly kept: Kept | null,
  ) {
    this.#hashed = new Map(kept?.hashed);
  }

  get hashed(): ReadonlyMap<string, Hashed> {
    return this.#hashed;
  }

  readonly choose = <T>(key: string, options: readonly [T, ...T[]]): T => {
    const [what, service = '', servers = ''] = key.split(' ');
    if (what === 'next') return this.#among(key, options, (hop) => courseText(hop as Route));
    if (what === 'hash') return this.#among(`pick ${service}`, options, (server) => (server as LbServer).name, servers);
    if (what === 'pick') this.#noteOpen(`pick ${service}`, options);
    return this.base.choose(key, options);
  };

  #among<T>(
    key: string,
    options: readonly [T, ...T[]],
    nameOf: (option: T) => string,
    of = options.map(nameOf).sort().join(),
  ): T {
    const former = this.#hashed.get(key);
    const same = former?.of === of ? options.find((option) => nameOf(option) === former.took) : undefined;
    if (same === undefined) this.#noteOpen(key, options);
    const taken = same ?? this.base.choose(key, options);
    this.#hashed.set(key, { took: nameOf(taken), of });
    return taken;
  }

  #noteOpen(key: string, options: readonly unknown[]): void {
    if (this.kept !== null && options.length > 1) this.open.add(key);
  }
}

function courseText({ via, device }: Route): string {
  return `${via} ${device}`;
}

/** State of a connection after an exchange. */
export function remembered(run: Run, { hashed }: ConnectionChoices): Kept {
  const connections = new Map(run.memory.connections);
  for (const [node, state] of run.states) connections.set(node, state.connections);
  const services = run.network.plan.nodes.flatMap(({ balancer }) => balancer?.config.services ?? []);
  const direct = new Set(services.filter(isDirect).map(({ name }) => name));
  const flows = [...run.flows].filter(([key]) => direct.has(key.split(' ')[1]!));
  return {
    memory: { connections, flows: new Map(flows), sockets: [...run.exchange.sockets] },
    hashed,
  };
}

/** State of a connection after the actions of a step. */
export function afterActions(kept: Kept, actions: ActionPlan[]): Kept {
  const emptied = new Set<string>();
  const unbalanced = new Set<string>();
  const deaf = new Set<string>();
  for (const action of actions) {
    if (!('node' in action)) continue;
    const { node } = action;
    if (action.do === 'kill' || action.do === 'start') for (const set of [emptied, unbalanced, deaf]) set.add(node);
    if (action.do === 'flushConnections') for (const set of [emptied, unbalanced]) set.add(node);
    // Removing its rules also removes the flow table; the state of a killed process is adopted.
    if (action.do === 'stopLb' || action.do === 'restartLb') unbalanced.add(node);
    if (action.do === 'stopListeners') deaf.add(node);
  }
  const { connections, flows, sockets } = kept.memory;
  const nodeOfKey = (key: string): string => key.split(' ')[0]!;
  return {
    ...kept,
    endedBy: [...new Set(sockets?.map(nodeOfKey).filter((node) => deaf.has(node) && !emptied.has(node)))],
    memory: {
      connections: new Map([...connections].filter(([node]) => !emptied.has(node))),
      flows: new Map([...flows].filter(([key]) => !unbalanced.has(nodeOfKey(key)))),
      sockets: sockets && sockets.filter((key) => !deaf.has(nodeOfKey(key))),
    },
  };
}

/** Identity of a kept connection's state. */
export function keptText({ memory: { connections, flows, sockets }, hashed, waiting }: Kept): string {
  return JSON.stringify([
    [...connections].map(([node, all]) => [node, all.map(({ original, reply, tcp }) => [original, reply, tcp])]).sort(),
    [...flows].map(([key, { name }]) => [key, name]).sort(),
    [...(sockets ?? [])].sort(),
    [...hashed].sort(),
    waiting?.forMs,
  ]);
}

/** The connection as known to members of a pair that synchronize connections. */
export function synced(kept: Kept, groups: string[][]): Kept {
  const { memory } = kept;
  const connections = new Map(memory.connections);
  for (const group of groups) {
    const all: Connection[] = group.flatMap((node) => memory.connections.get(node) ?? []);
    if (all.length > 0)
      for (const node of group) connections.set(node, connections.get(node)?.length ? connections.get(node)! : all);
  }
  return { ...kept, memory: { ...memory, connections } };
}
