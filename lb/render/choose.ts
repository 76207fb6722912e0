import type { LbServer, LbService } from '../config.ts';
import { leastConnections } from '../schedule/least-connections.ts';
import { maglevTable } from '../schedule/maglev.ts';
import { smoothRound } from '../schedule/smooth-wrr.ts';
import { familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import { serversIn } from './input.ts';
import type { NftMap } from './ruleset.ts';

/** Slots of a Maglev table: primes. A source hash has fewer keys to spread, and every service may have one. */
const MAGLEV_SIZE = 65_537;
const SOURCE_HASH_SIZE = 1021;
/** New flows that least connections plans ahead; it plans anew long before they are used up. */
const LEAST_CONNECTIONS_ROUND = 64;
/** Fixed, so that a restarted load balancer hashes a client to the same server. */
const SEED = 'seed 0x6c346c62';

/** The choice of a server, as a rule's expression; `maps` are what it looks up. */
export interface Choice {
  expression: string;
  maps: NftMap[];
}

/**
 * Picks one of the servers that take new flows (there must be one), by the service's scheduler; evaluated once per new
 * flow. `value` is what the expression yields for a server, of nft type `type`.
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
  const inline = (index: string, slots: typeof servers, seed = ''): Choice => {
    const entries = slots.map(({ server }, slot) => `${slot} : ${value(server)}`).join(', ');
    return { expression: `${index} mod ${slots.length}${seed} map { ${entries} }`, maps: [] };
  };
  // By name, so that a change of the pool touches only the slots that change hands.
  const table = (key: string, slots: typeof servers): Choice => ({
    expression: `jhash ${key} mod ${slots.length} ${SEED} map @slots.${service.name}`,
    maps: [
      {
        name: `slots.${service.name}`,
        kind: 'map',
        spec: [`typeof numgen inc mod ${slots.length} : ${type}`],
        elements: slots.map(({ server }, slot) => [String(slot), value(server)]),
      },
    ],
  });
  switch (service.scheduler) {
    case 'round-robin':
      return inline('numgen inc', smoothRound(servers));
    case 'random':
      return inline('numgen random', smoothRound(servers));
    case 'least-connections':
      return inline('numgen inc', leastConnections(servers, LEAST_CONNECTIONS_ROUND));
    case 'source-hash':
      return table(`${ip} saddr`, maglevTable(servers, SOURCE_HASH_SIZE));
    case 'maglev':
      return table(flow, maglevTable(servers, MAGLEV_SIZE));
  }
}

/** A choice that needs no memory: the same for every packet of a flow, as long as the pool stays. */
export function chooseByHash(input: RenderInput, service: LbService, value: (server: LbServer) => string): string {
  const servers = serversIn(input, service, 'new').map((server) => ({ server, weight: server.weight ?? 1 }));
  const slots = smoothRound(servers);
  const entries = slots.map(({ server }, slot) => `${slot} : ${value(server)}`).join(', ');
  return `jhash ${familyOf(service.vip).ip} saddr . th sport mod ${slots.length} ${SEED} map { ${entries} }`;
}
