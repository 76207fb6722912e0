import { nodeOf } from '../scenario/lookup.ts';
import { linkNumber } from '../terms/link-name.ts';
import { macOf } from '../terms/mac-key.ts';
import type { Plan, ActionPlan } from '../terms/plan.ts';
import { announce } from './simulation/arp.ts';
import { isOutdatedEntry } from './simulation/bridge.ts';
import { FIRST } from './simulation/choices.ts';
import type { Circumstances } from './simulation/circumstances.ts';
import { outdated } from './simulation/neighbours.ts';
import type { Network } from './simulation/network.ts';
import type { NodeState } from './simulation/node-state.ts';
import { forgetFailures } from './repetition.ts';
import { learnedStates, type Run } from './simulation/run.ts';
import { begin, settleDown } from './simulation/simulate.ts';
import { placeholderFlow } from './warm-start.ts';

/** State that nodes have learned, by node. Immutable. */
export type Learned = ReadonlyMap<string, NodeState>;

/** Combined state after runs that started with the same state. */
export function afterRuns(before: Learned, runs: Run[]): Learned {
  const all = new Map(before);
  for (const run of runs) {
    forgetFailures(run);
    for (const [node, state] of run.states) {
      const known = all.get(node);
      all.set(node, known === undefined ? { ...state, connections: [] } : merged(known, state));
    }
  }
  return all;
}

function merged(known: NodeState, more: NodeState): NodeState {
  const resolved = [...more.neighbours].filter(([, { mac }]) => mac !== null);
  return {
    neighbours: new Map([...known.neighbours, ...resolved]),
    connections: [],
    macTable: new Map([...known.macTable, ...more.macTable]),
    redirects: new Map([...known.redirects, ...more.redirects]),
    peerLimits: new Map([...known.peerLimits, ...more.peerLimits]),
    pathMtus: new Map([...known.pathMtus, ...more.pathMtus]),
    redirected: new Set([...known.redirected, ...more.redirected]),
  };
}

/** Without failed entries: a neighbour that did not answer is requested again. */
export function withoutFailures(learned: Learned): Learned {
  return new Map(
    [...learned].map(([node, state]) => [
      node,
      { ...state, neighbours: new Map([...state.neighbours].filter(([, { mac }]) => mac !== null)) },
    ]),
  );
}

/** Whether traffic would use the same paths in both states. */
export function samePaths(one: Learned, other: Learned): boolean {
  return pathStateOf(one) === pathStateOf(other);
}

/** The part of the state that determines paths, as text. */
export function pathStateOf(learned: Learned): string {
  return JSON.stringify(
    [...learned]
      .map(([node, { neighbours, macTable, redirects, pathMtus }]) => [
        node,
        [...neighbours].map(([key, { mac }]) => `${key} ${mac}`).sort(),
        [...macTable].map(([mac, { port }]) => `${mac} ${port}`).sort(),
        [...redirects].map(([to, { gateway }]) => `${to} ${gateway}`).sort(),
        [...pathMtus].sort(),
      ])
      .sort(),
  );
}

/**
 * State after the actions of a step: a node without power loses everything, and an interface that goes down loses what
 * was learned through it, including MACs behind a switch port.
 * @param now plan after the actions
 */
export function afterActions(before: Learned, actions: ActionPlan[], now: Plan): Learned {
  const all = new Map(before);
  const dropAt = (node: string, change: (state: NodeState) => NodeState): void => {
    const state = all.get(node);
    if (state !== undefined) all.set(node, change(state));
  };
  for (const action of actions) {
    if (action.do === 'kill' || action.do === 'start') {
      all.delete(action.node);
      for (const { name } of now.nodes) dropAt(name, (state) => withoutIfaces(state, ifacesTo(now, name, action.node)));
    } else if (action.do === 'linkDown' || action.do === 'flap') {
      const { number = 1 } = action;
      const [a, b] = action.link;
      dropAt(a, (state) => withoutIfaces(state, ifacesTo(now, a, b, number)));
      dropAt(b, (state) => withoutIfaces(state, ifacesTo(now, b, a, number)));
    } else if (action.do === 'flushNeighbours') {
      dropAt(action.node, (state) => ({ ...state, neighbours: new Map() }));
    } else if (action.do === 'flushMacs') {
      dropAt(action.node, (state) => ({ ...state, macTable: new Map() }));
    }
  }
  for (const { name, interfaces } of now.nodes) {
    for (const iface of interfaces) if (iface.up === false) dropAt(name, (state) => withoutIfaces(state, [iface.name]));
  }
  return all;
}

/** @param number of the link between the two nodes; absent for all links */
function ifacesTo(plan: Plan, node: string, peer: string, number?: number): string[] {
  return nodeOf(plan, node)
    .interfaces.filter((iface) => iface.peer === peer && (number === undefined || linkNumber(iface) === number))
    .map(({ name }) => name);
}

function withoutIfaces(state: NodeState, ifaces: string[]): NodeState {
  if (ifaces.length === 0) return state;
  return {
    ...state,
    neighbours: new Map([...state.neighbours].filter(([, { device }]) => !ifaces.includes(device))),
    macTable: new Map([...state.macTable].filter(([, { port }]) => !ifaces.includes(port))),
  };
}

/** An address announced by a node. */
export interface Announcement {
  node: string;
  iface: string;
  address: string;
}

/** State after these announcements. */
export function afterAnnouncements(network: Network, before: Learned, announcements: Announcement[]): Learned {
  let states: Learned = before;
  for (const { node, iface, address } of announcements) {
    const host = network.hosts.get(node);
    const device = host?.devices.get(iface);
    if (host === undefined || device === undefined) continue;
    const run = begin(network, placeholderFlow(node), { choices: FIRST, isUp: () => true, states: new Map(states) });
    announce(run, host, device, address);
    settleDown(run);
    states = learnedStates(run);
  }
  return states;
}

/** A wrong entry of a node's table. */
export interface WrongEntry {
  node: string;
  kind: 'neighbour' | 'mac';
  /** Key of the entry. */
  key: string;
}

/** Entries that have become wrong. */
export function wrongEntries(network: Network, circumstances: Circumstances, learned: Learned): WrongEntry[] {
  return [...learned].flatMap(([node, { neighbours, macTable }]): WrongEntry[] => {
    const host = network.hosts.get(node)!;
    return [
      ...[...neighbours].flatMap(([key, { mac, address }]): WrongEntry[] =>
        mac !== null && outdated({ network, circumstances }, host, { mac, address }) !== null
          ? [{ node, kind: 'neighbour', key }]
          : [],
      ),
      ...[...macTable].flatMap(([mac, entry]): WrongEntry[] =>
        isOutdatedEntry(network, host, macOf(mac), entry) ? [{ node, kind: 'mac', key: mac }] : [],
      ),
    ];
  });
}

/** State without these entries. */
export function without(learned: Learned, forgotten: WrongEntry[]): Learned {
  const all = new Map(learned);
  for (const { node, kind, key } of forgotten) {
    const state = all.get(node)!;
    all.set(
      node,
      kind === 'mac'
        ? { ...state, macTable: new Map([...state.macTable].filter(([mac]) => mac !== key)) }
        : { ...state, neighbours: new Map([...state.neighbours].filter(([name]) => name !== key)) },
    );
  }
  return all;
}
