import type { Hop, HopAddress, Walk } from '../../harness/terms/walk.ts';
import type { Plan } from '../../harness/terms/plan.ts';
import { changeText } from './change-text.ts';
import { DIRECTION_TITLES, directionsOf } from './directions.ts';
import { foldLoops, foldText, type Look } from './loops.ts';
import { type MacOwner, macOwners } from './mac-owners.ts';

/** `203.0.113.80:80`, `[2001:db8::80]:80`, or only the address without a port. */
export function addressText({ ip, port }: Pick<HopAddress, 'ip' | 'port'>): string {
  if (port === null) return ip;
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** Changes at a hop as text: `dst ip 203.0.113.80 → 203.0.113.11, ttl 63 → 62`. */
export function changesText(hop: Hop): string {
  return hop.changed.map((change) => changeText(change)).join(', ');
}

/** Equal for hops at the same place in different rounds of a loop. */
export function hopLook({ node, iface, direction, src, dst, ttl, inside }: Hop): Look {
  // In a tunnel, the inner TTL distinguishes rounds.
  return { key: [node, iface, direction, src.ip, src.port, dst.ip, dst.port], ttl: inside?.ttl ?? ttl };
}

/**
 * The walk as an aligned text table: source and destination at every hop, in both directions.
 * @param plan if given, a MAC of the lab is followed by the node that has it
 */
export function walkText(walk: Walk, plan?: Plan): string {
  const ownerOf: MacOwner = plan ? macOwners(plan) : () => null;
  const rows = [
    ['#', '', 'node', 'interface', 'source', 'destination', 'source mac', 'destination mac', 'ttl', 'changed'],
    ...legRows(walk, ownerOf),
  ];
  if (rows.length === 1) return 'No packet of this flow was on a wire.\n';
  const widths = rows[0]!.map((_, column) =>
    Math.max(...rows.filter(([number]) => number !== '').map((row) => row[column]!.length)),
  );
  const lines = rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

function legRows(walk: Walk, ownerOf: MacOwner): string[][] {
  let before = 0;
  return directionsOf(walk).flatMap(({ leg, hops }) => {
    const rows = directionRows(DIRECTION_TITLES[leg], hops, before, ownerOf);
    before += hops.length;
    return rows;
  });
}

function directionRows(label: string, hops: Hop[], offset: number, ownerOf: MacOwner): string[][] {
  const macText = ({ mac }: HopAddress): string => [mac, ownerOf(mac) ?? ''].join(' ').trimEnd();
  return foldLoops(hops, hopLook).map(({ step: hop, index, fold }) =>
    fold
      ? ['', label, foldText(fold), '', '', '', '', '', '', '']
      : [
          String(offset + index + 1),
          label,
          hop.node,
          `${hop.direction} ${hop.iface}`,
          addressText(hop.src),
          addressText(hop.dst),
          macText(hop.src),
          macText(hop.dst),
          String(hop.ttl),
          changesText(hop),
        ],
  );
}
