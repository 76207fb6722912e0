import type { Plan } from '../scenario/plan.ts';
import { textTable } from './text-table.ts';
import type { Change, Hop, HopAddress, Walk } from './walk.ts';

const HEAD = ['node', 'interface', '', 'source', 'destination', 'source MAC', 'destination MAC', 'TTL'];

/**
 * A walk as text: source and destination at every hop, there and back. What changed since the hop before is marked
 * with `*`; a MAC of the lab is followed by the node that has it.
 */
export function walkTable(walk: Walk, plan: Plan): string {
  const owners = new Map(
    plan.nodes.flatMap(({ name, interfaces }) => interfaces.map(({ mac }) => [mac, name] as const)),
  );
  const leg = (title: string, hops: Hop[]): string =>
    hops.length === 0 ? `${title}: none` : `${title}\n${textTable([HEAD, ...hops.map((hop) => row(hop, owners))])}`;
  return `${leg('request', walk.request)}\n${leg('reply', walk.reply)}\n`;
}

function row({ node, iface, direction, src, dst, ttl, changed }: Hop, owners: Map<string, string>): string[] {
  const mark = (text: string, ...fields: Change['field'][]): string =>
    changed.some(({ field }) => fields.includes(field)) ? `${text} *` : text;
  const mac = (address: HopAddress): string => {
    const owner = owners.get(address.mac);
    return owner === undefined ? address.mac : `${address.mac} ${owner}`;
  };
  return [
    node,
    iface,
    direction,
    mark(endpoint(src), 'src ip', 'src port'),
    mark(endpoint(dst), 'dst ip', 'dst port'),
    mark(mac(src), 'src mac'),
    mark(mac(dst), 'dst mac'),
    mark(String(ttl), 'ttl'),
  ];
}

function endpoint({ ip, port }: HopAddress): string {
  if (port === null) return ip;
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}
