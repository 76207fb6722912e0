import { noSuch } from '../../did-you-mean.ts';
import { FILTER_ACTIONS } from '../../terms/filter.ts';
import { MODES } from '../../terms/mode.ts';
import { isAddress, isV6 } from '../address.ts';
import { actionOf, type FilterRuleAsWritten } from '../filter-schema.ts';
import { balancersOf, nodeAddresses } from '../lab-queries.ts';
import { type Layer, type NodeProblem, pathOf, problemsPerNode } from '../per-node.ts';
import type { Problem } from '../problem.ts';
import type { Lab, LabNode, NodeSettings, ScenarioFile } from '../schema.ts';
import { isCidr } from '../schema-values.ts';
import type { Path } from '../yaml-file.ts';

/** What the names in a rule can mean. */
interface Declared {
  lab: Lab;
  services: ScenarioFile['services'];
}

/** Filter rules that cannot match, or contain unknown names. @param path of the node's settings */
export function checkFilter(path: Path, { filter = [] }: NodeSettings, declared: Declared): Problem[] {
  return filter.flatMap((rule, index) => {
    // Several actions in one rule are already reported.
    if (FILTER_ACTIONS.filter((one) => rule[one] !== undefined).length !== 1) return [];
    const { action, match } = actionOf(rule);
    const { protocol, port, type, from, to } = match;
    const at = (field: string): Path => [...path, 'filter', index, action, field];
    const places = [
      { field: 'from', place: from },
      { field: 'to', place: to },
    ].flatMap(({ field, place }) => (place === undefined ? [] : [{ field, place }]));
    const wrong = places.flatMap(({ field, place }) => wrongPlace(at(field), place, declared));
    const families = places.map(({ place }) => familiesOf(place, declared));
    const isEmpty =
      wrong.length === 0 && families.length === 2 && !families[0]!.some((v6) => families[1]!.includes(v6));
    return [
      ...unreached(path, filter, index),
      ...(port !== undefined && protocol !== 'tcp' && protocol !== 'udp'
        ? [{ path: at('port'), message: 'needs `protocol: tcp` or `protocol: udp`' }]
        : []),
      // A checksum of the packet inside is none of `ipip` (nf_reject_verify_csum, nf_ip_checksum).
      ...(action === 'reject' && protocol === 'ipip'
        ? [
            {
              path: at('protocol'),
              message:
                'not possible for `ipip`: whether Linux notifies the sender depends on the network card; use `drop`',
            },
          ]
        : []),
      ...(type !== undefined && protocol !== 'icmp' ? [{ path: at('type'), message: 'needs `protocol: icmp`' }] : []),
      ...wrong,
      ...(isEmpty
        ? [
            {
              path: at('to'),
              message: `${to} has no address of the same family as ${from}, so the rule matches nothing`,
            },
          ]
        : []),
    ];
  });
}

/** A rule that never decides: an earlier one matches every packet, or it accepts what passes anyway. */
function unreached(path: Path, filter: FilterRuleAsWritten[], index: number): Problem[] {
  const isCatchAll = (rule: FilterRuleAsWritten): boolean =>
    FILTER_ACTIONS.some((action) => rule[action] !== undefined && Object.keys(rule[action]).length === 0);
  const at = [...path, 'filter', index];
  const before = filter.slice(0, index).findIndex(isCatchAll);
  if (before !== -1) return [{ path: at, message: `never applies: rule ${before + 1} matches every packet` }];
  const isLast = index === filter.length - 1;
  return isLast && isCatchAll(filter[index]!) && filter[index]!.accept !== undefined
    ? [{ path: at, message: 'has no effect: packets that no rule matches pass anyway' }]
    : [];
}

function wrongPlace(path: Path, place: string, declared: Declared): Problem[] {
  const { lab, services } = declared;
  if (isAddress(place) || isCidr(place) || services[place] !== undefined) return [];
  const dependsOn = [['nodes', place], ['links'], ['services', place]];
  if (!lab.nodes[place]) {
    const names = Object.keys(services);
    const kind = names.length === 0 ? 'node' : 'node or service';
    return [{ path, message: noSuch(kind, place, [...Object.keys(lab.nodes), ...names]), dependsOn }];
  }
  return familiesOf(place, declared).length > 0 ? [] : [{ path, message: `${place} has no address`, dependsOn }];
}

/** Address families of a rule's place: true for IPv6. */
function familiesOf(place: string, { lab, services }: Declared): boolean[] {
  const address = services[place]?.vip ?? place;
  if (isAddress(address) || isCidr(address)) return [isV6(address)];
  return [...new Set(nodeAddresses(lab, place).map(isV6))];
}

/**
 * Filters on load balancers in mode dsr, which never see packets to a VIP: they are forwarded earlier.
 * @param layersOf settings of a node, lowest priority first
 */
export function ineffectiveFilters(
  { services }: ScenarioFile,
  lab: Lab,
  layersOf: (name: string) => Layer[],
): Problem[] {
  const balancers = balancersOf(lab);
  const inDsr = Object.entries(services).filter(([, { mode }]) => MODES[mode].handsOver === 'mac');
  return problemsPerNode(balancers, (name): NodeProblem[] => {
    const layers = layersOf(name);
    const settings = Object.assign({}, lab.nodes[name]!, ...layers.map((layer) => layer.settings)) as LabNode;
    const [service] =
      inDsr.find(([, { l4 }]) => (l4 === undefined ? balancers[0] === name : [l4].flat().includes(name))) ?? [];
    if (service === undefined || settings.lb === 'off' || (settings.filter ?? []).length === 0) return [];
    return [
      {
        path: pathOf(layers, 'filter') ?? ['services', service, 'mode'],
        what: `a filter on NODES never sees requests to ${service}: in mode dsr they are forwarded before the filter runs. Put the rule on the router in front, or on the servers`,
        dependsOn: [['services'], ['nodes', name]],
      },
    ];
  });
}
