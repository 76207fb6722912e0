import { noSuch } from '../../did-you-mean.ts';
import type { CauseCode } from '../../terms/cause.ts';
import type { SingleExpectation } from '../../terms/plan.ts';
import { keyed, listed, serversExpected } from '../expected.ts';
import { SOURCES } from '../flow-schema.ts';
import { interfaceNames, namedSources, taggedPorts } from '../lab-queries.ts';
import { AT_INTERFACES, placeIn } from '../place.ts';
import type { Lab } from '../schema.ts';
import type { Path } from '../yaml-file.ts';
import type { Impossible } from './impossible-expectations.ts';

/** Names in an expectation that do not exist in the lab. */
export function unknownNames(expect: SingleExpectation, lab: Lab): Impossible[] {
  return [
    ...placesExpected(expect).flatMap(({ at, node, causes }) =>
      placeProblem(node, causes, lab).map((message) => ({ at, message })),
    ),
    ...sourceProblems(expect, lab),
  ];
}

/** A node name means its address, so it must have exactly one. */
function sourceProblems(expect: SingleExpectation, lab: Lab): Impossible[] {
  const seen = expect.outcome === 'works' ? expect.sourceSeen : undefined;
  const addresses = seen === undefined ? null : namedSources(lab, seen);
  if (seen === undefined || addresses === null || addresses.length === 1) return [];
  const message = lab.nodes[seen]
    ? `${seen} has ${addresses.length} addresses; name one: ${addresses.join(', ') || 'none'}`
    : noSuch('node', seen, [...new Set([...SOURCES, ...Object.keys(lab.nodes)])]);
  return [{ at: ['sourceSeen'], message }];
}

/**
 * Problem with an expected node or interface, as the place of one of these causes; of any cause if empty; if null, as a
 * place on the packets' path.
 */
export function placeProblem(place: string, causes: CauseCode[] | null, lab: Lab): string[] {
  const { node, iface } = placeIn(place);
  const found = lab.nodes[node];
  if (found === undefined) return [noSuch('node', node, Object.keys(lab.nodes))];
  if (iface === null) return [];
  // Packets are seen at the ports of a bridge.
  const ofBridge = causes !== null && typeof found.bridge === 'string' ? ['br0'] : [];
  const known = [...interfaceNames(lab, node), ...taggedPorts(lab, node), ...ofBridge];
  if (!known.includes(iface)) return [noSuch(`interface of ${node}`, iface, known)];
  const nowhere = causes?.filter((code) => !AT_INTERFACES.includes(code)) ?? [];
  if (nowhere.length === 0 || nowhere.length < causes!.length) return [];
  return [
    `${nowhere.join(', ')} has no interface: write \`at: ${node}\`; causes with an interface: ${AT_INTERFACES.join(', ')}`,
  ];
}

/** Nodes and interfaces in an expectation, with their position and the causes of failures there. */
function placesExpected(expect: SingleExpectation): { at: Path; node: string; causes: CauseCode[] | null }[] {
  const { request, reply } = expect;
  const seen = [
    ...listed(['request', 'crosses'], request?.crosses),
    ...listed(['request', 'avoids'], request?.avoids),
    ...keyed(['request', 'ttlAt'], request?.ttlAt),
    ...listed(['reply', 'crosses'], reply?.crosses),
    ...listed(['reply', 'avoids'], reply?.avoids),
    ...keyed(['reply', 'ttlAt'], reply?.ttlAt),
    // `self` is always the caller.
    ...(expect.outcome === 'works' ? serversExpected(expect.servedBy).filter(({ node }) => node !== 'self') : []),
  ].map((place) => ({ ...place, causes: null }));
  if (expect.outcome === 'works' || expect.at === undefined) return seen;
  return [...seen, { at: ['at'], node: expect.at, causes: [expect.cause] }];
}
