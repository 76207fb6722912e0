import type { LbServer, LbService } from '../terms/config.ts';
import { HASH_SEED } from '../terms/jhash.ts';
import { leastConnections } from '../schedule/least-connections.ts';
import { maglevTable } from '../schedule/maglev.ts';
import { smoothRound } from '../schedule/smooth-wrr.ts';
import { familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import { serversIn } from './input.ts';
import type { NftMap } from './ruleset.ts';
import { formatElements } from './ruleset.ts';

/**
 * Slots of a Maglev table: a prime. Cilium's default: a hundred for each of 160 servers (section 5.3 of the paper), and
 * a change takes a quarter of the time that 65,537 would. A source hash has fewer keys to spread, and every service may
 * have one.
 */
const MAGLEV_SIZE = 16_381;
const SOURCE_HASH_SIZE = 1021;
/** Number of new flows that least connections plans ahead; planned again long before they are used up. */
const LEAST_CONNECTIONS_ROUND = 64;
const SEED = `seed 0x${HASH_SEED.toString(16)}`;

/**
 * Position of the client in the reply that an ICMP error quotes, in bits from the ICMP header: everything that is
 * hashed.
 */
const QUOTED_CLIENT = {
  4: { address: '@th,192,32', port: '@th,240,16' },
  6: { address: '@th,256,128', port: '@th,400,16' },
};

/** A server selection as nft expression; `maps` are the maps that it uses. */
export interface Choice {
  expression: string;
  /**
   * Used if the expression finds no server: during a change a packet may be matched by the old rules but look up the
   * new slots, which may be fewer. The first slot always exists. Null if the slots are in the rule itself.
   */
  fallback: string | null;
  /** A selection that is the same for every packet of a flow as long as the pool is unchanged, without state. */
  byHash: string;
  maps: NftMap[];
}

/**
 * Selects one of the servers that take new flows (there must be one) by the service's scheduler; evaluated once per new
 * flow. `value` is what the expression yields for a server, of nft type `type`.
 *
 * Slots are in a named map: a change of the pool touches only the slots that change, and anonymous maps with thousands
 * of elements are slow to create.
 */
export function choose(
  input: RenderInput,
  service: LbService,
  { type, value }: { type: string; value: (server: LbServer) => string },
): Choice {
  const servers = serversIn(input, service, 'new').map((server) => ({
    server,
    name: server.name,
    weight: server.weight ?? 1,
    flows: input.flowsOf(service, server),
  }));
  const { ip } = familyOf(service.vip);
  const flow = `${ip} saddr . th sport`;
  const { index, slots } = {
    'round-robin': () => ({ index: 'numgen inc', slots: smoothRound(servers) }),
    random: () => ({ index: 'numgen random', slots: smoothRound(servers) }),
    'least-connections': () => ({ index: 'numgen inc', slots: leastConnections(servers, LEAST_CONNECTIONS_ROUND) }),
    'source-hash': () => ({ index: `jhash ${ip} saddr`, slots: maglevTable(servers, SOURCE_HASH_SIZE) }),
    maglev: () => ({ index: `jhash ${flow}`, slots: maglevTable(servers, MAGLEV_SIZE) }),
  }[service.scheduler]();
  const elements = slots.map(({ server }, slot): [string, string] => [String(slot), value(server)]);
  // The plan must start at its first slot. numgen does so in a new rule, hence an anonymous map.
  const inline = service.scheduler === 'least-connections';
  const name = `slots.${service.name}`;
  const map = inline ? formatElements(elements) : `@${name}`;
  const hashed = index.startsWith('jhash');
  return {
    expression: `${index} mod ${slots.length}${hashed ? ` ${SEED}` : ''} map ${map}`,
    fallback: inline ? null : `numgen inc mod 1 map ${map}`,
    byHash: `jhash ${flow} mod ${slots.length} ${SEED} map ${map}`,
    maps: inline
      ? []
      : [
          {
            name,
            kind: 'map',
            // Any integer type works for a slot.
            spec: [`typeof numgen inc mod ${MAGLEV_SIZE} : ${type}`],
            elements,
          },
        ],
  };
}

/**
 * The same selection for the flow that an ICMP error quotes, without state; null if the scheduler needs more than the
 * packet.
 */
export function chooseQuoted({ name, vip, scheduler }: LbService): string | null {
  const { address, port } = QUOTED_CLIENT[familyOf(vip).version];
  if (scheduler === 'source-hash') return `jhash ${address} mod ${SOURCE_HASH_SIZE} ${SEED} map @slots.${name}`;
  if (scheduler === 'maglev') return `jhash ${address} . ${port} mod ${MAGLEV_SIZE} ${SEED} map @slots.${name}`;
  return null;
}

/** Rules that store the selected server in `meta mark`, which must be 0 before. */
export function markChosen({ expression, fallback }: Choice): string[] {
  return [`meta mark set ${expression}`, ...(fallback === null ? [] : [`meta mark 0 meta mark set ${fallback}`])];
}
