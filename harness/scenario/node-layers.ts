import { ROLES } from '../terms/role.ts';
import type { Lab, LabNode, NodeSettings, ScenarioFile } from './schema.ts';
import type { Layer } from './per-node.ts';
import { portsIn } from './vlans.ts';

/** Settings of a node: the lab's, then those of all servers, then its own. */
export function settingsOf(name: string, lab: Lab, body: ScenarioFile): LabNode {
  const settings = Object.assign({}, ...layersOf(name, lab, body).map((layer) => layer.settings)) as LabNode;
  return { ...settings, ports: portsIn(lab, body)(name) };
}

/** Settings of a node, lowest priority first. */
export function layersOf(name: string, lab: Lab, body: ScenarioFile): Layer[] {
  const node = lab.nodes[name]!;
  return [
    { path: [], settings: node },
    ...(ROLES[node.role].serves ? [{ path: ['servers'], settings: ofServer(name, body) }] : []),
    ...(body.nodes[name] ? [{ path: ['nodes', name], settings: body.nodes[name] }] : []),
  ];
}

/** Settings of all servers as they apply to one: services apply only to their pool. */
function ofServer(name: string, { servers, services }: ScenarioFile): NodeSettings {
  const isFor = (entry: string): boolean => appliesTo(name, entry, services);
  return {
    ...servers,
    ...(servers.loopback === undefined ? {} : { loopback: servers.loopback.filter(isFor) }),
    ...(servers.undoDscp === undefined ? {} : { undoDscp: servers.undoDscp.filter(isFor) }),
    ...(servers.tunnelEnd === undefined ? {} : { tunnelEnd: servers.tunnelEnd.filter(isFor) }),
  };
}

/** Whether an entry of all servers, a service or an address, applies to one of them. */
export function appliesTo(server: string, entry: string, services: ScenarioFile['services']): boolean {
  return !Object.hasOwn(services, entry) || services[entry]!.pool.some(({ node }) => node === server);
}
