import { linkNumber } from '../../../harness/terms/link-name.ts';
import { ROLES } from '../../../harness/terms/role.ts';
import type { NodePlan, Plan } from '../../../harness/terms/plan.ts';
import { type NodeLabel, nodeLabel } from './node-label.ts';

/** A node in the drawing; pixels, from the upper left corner. */
export interface Box {
  name: string;
  label: NodeLabel;
  /** Distance of its text from the left and the right border. */
  indent: number;
  outdent: number;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Row of the drawing, from 0. */
  tier: number;
}

export interface Point {
  x: number;
  y: number;
}

/** A wire from the border of one box to the border of another. */
export interface Wire {
  from: { node: string; at: Point };
  to: { node: string; at: Point };
  /** Which of the links between the two nodes, counted from 1. */
  link: number;
}

export interface Layout {
  width: number;
  height: number;
  boxes: Box[];
  wires: Wire[];
}

const CHAR_WIDTH = 7.3;
const LINE_HEIGHT = 16;
const INDENT = 12;
/** Space for a packet that turns back in a one-armed L4, so that it does not cross the text. */
const TURN = 22;
/** Enough height for a wire with four crossings. */
const FOUR_CROSSINGS = 88;

/** Pixels; `side` is space for arrows between neighbours of one tier, `port` the space for each wire of a switch. */
const SIZES = {
  full: { margin: 24, tierGap: 96, nodeGap: 30, side: 130, port: 72, least: 112 },
  compact: { margin: 8, tierGap: 84, nodeGap: 10, side: 60, port: 48, least: 60 },
};

/** `compact`, for small screens, omits the addresses in the boxes. */
export type Size = keyof typeof SIZES;

/** Places the nodes in tiers: clients, then by distance from them, servers last; a one-armed L4 is beside its peer. */
export function layoutTopology(plan: Pick<Plan, 'nodes' | 'links' | 'services'>, size: Size = 'full'): Layout {
  const { margin, tierGap } = SIZES[size];
  const byName = new Map(plan.nodes.map((node) => [node.name, node]));
  const armed = oneArmed(plan.nodes, byName);
  const tiers = tiersOf(plan.nodes, armed);
  const placed = new Map<string, Box>();
  let y = margin;
  for (const [index, tier] of tiers.entries()) {
    const boxes = orderByParents(tier, placed, armed).map((node) =>
      box(node, armed.get(node.name)?.side ?? null, plan, size),
    );
    for (const b of boxes) b.tier = index;
    // A switch with only load balancers behind it is below the other wires.
    const isBalancerSwitch =
      placed.size > 0 && tier.every(({ name, bridge }) => bridge && !hasOthersBehind(name, byName));
    (isBalancerSwitch ? placeBalancerSwitch : placeTier)(boxes, { y, nodes: tier, size, armed }, placed);
    for (const b of boxes) placed.set(b.name, b);
    y = Math.max(...boxes.map((b) => b.y + b.height)) + tierGap;
  }
  const left = Math.min(...[...placed.values()].map((b) => b.x)) - margin;
  const boxes = [...placed.values()].map((b) => ({ ...b, x: b.x - left }));
  return {
    width: Math.max(0, ...boxes.map((b) => b.x + b.width)) + margin,
    height: y - tierGap + margin,
    boxes,
    wires: wires(plan, boxes),
  };
}

function tiersOf(nodes: NodePlan[], armed: OneArmed): NodePlan[][] {
  const distance = new Map<string, number>();
  const byName = new Map(nodes.map((n) => [n.name, n]));
  const roots = nodes.filter(({ role }) => ROLES[role].calls);
  let front = roots.length ? roots : nodes.slice(0, 1);
  for (let d = 0; front.length > 0; d++) {
    for (const n of front) distance.set(n.name, d);
    front = front
      .flatMap(({ interfaces }) => interfaces.map(({ peer }) => byName.get(peer)))
      .filter((n): n is NodePlan => n !== undefined && !distance.has(n.name));
    front = [...new Set(front)];
  }
  const inner = nodes.filter(({ role }) => !ROLES[role].serves).map((n) => distance.get(n.name) ?? 0);
  const last = Math.max(0, ...inner) + 1;
  const tierOf = (n: NodePlan): number => {
    if (ROLES[n.role].serves) return last;
    return distance.get(armed.get(n.name)?.peer ?? n.name) ?? 0;
  };
  const tiers = Array.from({ length: last + 1 }, (_, t) => nodes.filter((n) => tierOf(n) === t));
  return tiers.filter((tier) => tier.length > 0);
}

/** Nodes that exchange all traffic with one peer, the peer, and the side: two such nodes are on opposite sides. */
type OneArmed = Map<string, { peer: string; side: 'left' | 'right' }>;

/** Whether a node has anything behind it except load balancers, which may have a separate switch. */
function hasOthersBehind(name: string, byName: Map<string, NodePlan>, seen = new Set<string>()): boolean {
  const node = byName.get(name);
  if (!node || seen.has(name) || ROLES[node.role].balances) return false;
  seen.add(name);
  return !node.bridge || node.interfaces.some(({ peer }) => hasOthersBehind(peer, byName, seen));
}

/** Nodes at the other ends of a node's links; the VLANs of a trunk are one link. */
function peersOf({ interfaces }: NodePlan): string[] {
  return [...new Set(interfaces.map(({ peer }) => peer))];
}

/** One-armed L4s, and routers with one trunk. A link between load balancers only, for advertisements, is no arm. */
function oneArmed(nodes: NodePlan[], byName: Map<string, NodePlan>): OneArmed {
  const armed: OneArmed = new Map();
  for (const node of nodes) {
    const { name, role } = node;
    const peers = peersOf(node);
    const isRouterOnTrunk = ROLES[role].forwards && peers.length === 1 && node.interfaces.length > 1;
    if (!ROLES[role].balances && !isRouterOnTrunk) continue;
    const arms = peers.length === 1 ? peers : peers.filter((peer) => hasOthersBehind(peer, byName));
    if (arms.length !== 1) continue;
    const [peer] = arms as [string];
    const [first, ...others] = [...armed.values()].filter((one) => one.peer === peer);
    if (first && others.length === 0) first.side = 'left';
    armed.set(name, { peer, side: 'right' });
  }
  return armed;
}

/** Keeps nodes with the same parent together, and a one-armed L4 beside its peer. */
function orderByParents(tier: NodePlan[], placed: Map<string, Box>, arms: OneArmed): NodePlan[] {
  const upright = tier
    .filter(({ name }) => !arms.has(name))
    .sort((a, b) => parentCentre(a, placed) - parentCentre(b, placed));
  const beside = (peer: string, side: 'left' | 'right') =>
    tier.filter(({ name }) => arms.get(name)?.peer === peer && arms.get(name)?.side === side);
  const ordered = upright.flatMap((n) => [...beside(n.name, 'left'), n, ...beside(n.name, 'right')]);
  return [...ordered, ...tier.filter((n) => !ordered.includes(n))];
}

function box(node: NodePlan, side: 'left' | 'right' | null, plan: Pick<Plan, 'services'>, size: Size): Box {
  const { least, port } = SIZES[size];
  const label = nodeLabel(node, plan.services);
  const [name, role] = [node.name.length, node.role.length];
  const chars =
    size === 'compact'
      ? Math.max(name, role)
      : Math.max(name + role + 4, ...label.lines.map(({ text }) => text.length));
  const lines = size === 'compact' ? 1 : label.lines.length;
  const textHeight = 34 + lines * LINE_HEIGHT + (lines ? 8 : 0);
  const indent = INDENT + (side === 'right' ? TURN : 0);
  const outdent = INDENT + (side === 'left' ? TURN : 0);
  return {
    name: node.name,
    label,
    indent,
    outdent,
    tier: 0,
    x: 0,
    y: 0,
    width: Math.max(least, chars * CHAR_WIDTH + indent + outdent, node.bridge ? peersOf(node).length * port : 0),
    height: Math.max(textHeight, node.bridge || side !== null ? FOUR_CROSSINGS : 0),
  };
}

/** A row of the drawing, and its top. */
interface Tier {
  y: number;
  nodes: NodePlan[];
  size: Size;
  armed: OneArmed;
}

/**
 * Places the tier's boxes side by side, centred below their parents. One-armed L4s do not count for this,
 * so that the trunk stays straight.
 */
function placeTier(boxes: Box[], { y, nodes: tier, size, armed: arms }: Tier, placed: Map<string, Box>): void {
  const { side, nodeGap } = SIZES[size];
  const nodes = new Map(tier.map((node) => [node.name, node]));
  const armed = (b: Box) => arms.has(b.name);
  const height = Math.max(...boxes.map((b) => b.height));
  let x = 0;
  boxes.forEach((b, i) => {
    const before = boxes[i - 1];
    if (before) x += armed(b) || arms.get(before.name)?.peer === b.name ? side : nodeGap;
    b.x = x;
    b.y = y + (height - b.height) / 2;
    x += b.width;
  });
  const trunk = boxes.some((b) => !armed(b)) ? boxes.filter((b) => !armed(b)) : boxes;
  const away = trunk.map((b) => b.x + b.width / 2 - parentCentre(nodes.get(b.name)!, placed));
  const shift = away.reduce((sum, distance) => sum + distance, 0) / away.length;
  for (const b of boxes) b.x -= shift;
}

/** Places each box of the tier below its last parent, as far as the boxes before it leave space. */
function placeBalancerSwitch(boxes: Box[], { y, nodes, size }: Tier, placed: Map<string, Box>): void {
  let free = -Infinity;
  for (const b of boxes) {
    const { interfaces } = nodes.find(({ name }) => name === b.name)!;
    const parent = interfaces.flatMap(({ peer }) => placed.get(peer) ?? []).at(-1);
    const middle = parent ? parent.x + parent.width / 2 : 0;
    b.x = Math.max(free, middle - b.width / 2);
    b.y = y;
    free = b.x + b.width + SIZES[size].nodeGap;
  }
}

/** Centre of the nodes above that a node is wired to; 0 if there are none. */
function parentCentre({ interfaces }: NodePlan, placed: Map<string, Box>): number {
  const parents = interfaces.flatMap(({ peer }) => placed.get(peer) ?? []);
  return parents.reduce((sum, b) => sum + b.x + b.width / 2, 0) / (parents.length || 1);
}

/** A wire without a position; if it connects two tiers, `a` is in the upper one. */
interface Joined {
  a: Box;
  b: Box;
  link: number;
}

function wires(plan: Pick<Plan, 'links'>, boxes: Box[]): Wire[] {
  const byName = new Map(boxes.map((b) => [b.name, b]));
  // The VLANs of a trunk are one wire.
  const drawn = new Map(
    plan.links.map(({ ends: [a, b] }) => {
      const link = linkNumber({ name: a.iface, peer: b.node });
      return [`${a.node} ${b.node} ${link}`, { a: a.node, b: b.node, link }];
    }),
  );
  const joined = [...drawn.values()].flatMap((one): Joined[] => {
    const [a, b] = [byName.get(one.a), byName.get(one.b)];
    if (!a || !b) return [];
    return [a.tier <= b.tier ? { a, b, link: one.link } : { a: b, b: a, link: one.link }];
  });
  const upright = joined.filter(({ a, b }) => a.tier !== b.tier);
  const port = (own: Box, side: 'top' | 'bottom', wire: Joined): Point => {
    const other = ({ a, b }: Joined): Box => (side === 'bottom' ? b : a);
    const centre = (one: Joined): number => other(one).x + other(one).width / 2;
    const all = upright
      .filter(({ a, b }) => (side === 'bottom' ? a : b) === own)
      .sort((p, q) => centre(p) - centre(q) || p.link - q.link);
    const slot = (all.indexOf(wire) + 1) / (all.length + 1);
    return { x: own.x + own.width * slot, y: side === 'top' ? own.y : own.y + own.height };
  };
  return joined.map((wire): Wire => {
    const { a, b, link } = wire;
    if (a.tier !== b.tier) {
      const [from, to] = [port(a, 'bottom', wire), port(b, 'top', wire)];
      return { from: { node: a.name, at: from }, to: { node: b.name, at: to }, link };
    }
    const [l, r] = a.x < b.x ? [a, b] : [b, a];
    const [top, bottom] = [Math.max(l.y, r.y), Math.min(l.y + l.height, r.y + r.height)];
    const beside = joined.filter((one) => one.a === a && one.b === b);
    const y = top + ((bottom - top) * (beside.indexOf(wire) + 1)) / (beside.length + 1);
    return { from: { node: l.name, at: { x: l.x + l.width, y } }, to: { node: r.name, at: { x: r.x, y } }, link };
  });
}
