import { isRoute } from '../terms/mode.ts';
import { PROFILE_NAMES, type ProfileName } from '../terms/profile-name.ts';
import { ROLES } from '../terms/role.ts';
import { l4sOf } from './lab-queries.ts';
import { type Profile, type Rule, type Sets, VIP } from './profiles/profile.ts';
import { PROFILES } from './profiles/profiles.ts';
import type { Problem } from './problem.ts';
import { valueAt } from './partial-validation.ts';
import type { Lab, LabNode, NodeSettings, ScenarioFile } from './schema.ts';
import type { Layer } from './per-node.ts';

type Service = ScenarioFile['services'][string];
type Written = Record<string, unknown>;

/** A scenario as written, with the service fields that profiles set and the author does not. */
export function withProfiles(value: unknown): unknown {
  const services = valueAt(value, ['services']);
  if (!isMapping(value) || !isMapping(services)) return value;
  const filled = Object.entries(services).map(([name, service]) => [name, withProfile(service)] as const);
  return filled.every(([name, service]) => service === services[name])
    ? value
    : { ...value, services: Object.fromEntries(filled) };
}

function withProfile(service: unknown): unknown {
  if (!isMapping(service)) return service;
  const { like, check } = service;
  // Profiles set nothing for this mode.
  if (isRoute(service)) return service;
  // An unknown profile is reported once, at `like`.
  if (!isProfile(like)) return like === undefined ? service : { mode: 'dnat', ...service };
  const sets = setsOf(PROFILES[like], {
    protocol: service['protocol'] === 'udp' ? 'udp' : 'tcp',
    isChecked: isMapping(check) && check['type'] !== undefined && check['type'] !== 'none',
    vip: service['vip'],
  });
  const ofCheck = Object.assign({}, ...sets.map((one) => one.check)) as Written;
  return {
    ...(Object.assign({}, ...sets.map((one) => one.service)) as Written),
    ...service,
    ...(isMapping(check) && Object.keys(ofCheck).length > 0 ? { check: { ...ofCheck, ...check } } : {}),
  };
}

/** The profile that set a field of a service; null if the author wrote the field. */
export function profileBehind(written: unknown, path: Problem['path']): ProfileName | null {
  const [first, name] = path;
  if (first !== 'services' || name === undefined || path.length < 3) return null;
  const like = valueAt(written, ['services', name, 'like']);
  if (!isProfile(like) || path[2] === 'like' || valueAt(written, path) !== undefined) return null;
  return valueAt(withProfiles(written), path) === undefined ? null : like;
}

/** Node settings that the profiles of services set, by node. */
export function profileLayers({ services }: Pick<ScenarioFile, 'services'>, lab: Lab): Map<string, Layer[]> {
  const layers = new Map<string, Layer[]>();
  const add = (node: string, layer: Layer): void => {
    if (lab.nodes[node] && Object.keys(layer.settings).length > 0)
      layers.set(node, [...(layers.get(node) ?? []), layer]);
  };
  for (const [name, service] of Object.entries(services)) {
    if (service.like === undefined) continue;
    const path = ['services', name, 'like'];
    const l4s = l4sOf(lab, service);
    const sets = profileSets(service);
    const ofServers = Object.assign({}, ...sets.map((one) => one.servers)) as NodeSettings;
    for (const { node } of service.pool) {
      // An L4 in the pool keeps the settings of an L4.
      if (lab.nodes[node] && ROLES[lab.nodes[node].role].serves)
        add(node, { path, settings: ofServer(ofServers, name, l4s[0]) });
    }
    for (const l4 of l4s) add(l4, { path, settings: joined(sets.map((one) => one.l4 ?? {})) });
  }
  return layers;
}

/** Replaces the placeholders of the service and its L4 with their names. */
function ofServer({ gateway, loopback, ...settings }: NodeSettings, service: string, l4: string | undefined) {
  return {
    ...settings,
    ...(gateway === undefined ? {} : { gateway: gateway === 'l4' ? (l4 ?? gateway) : gateway }),
    ...(loopback === undefined ? {} : { loopback: loopback.map((entry) => (entry === VIP ? service : entry)) }),
  };
}

/** A lab whose nodes have the settings of profiles. The scenario's own settings override them, as they override the lab. */
export function labWithProfiles(lab: Lab, scenario: Pick<ScenarioFile, 'services'>): Lab {
  const layers = profileLayers(scenario, lab);
  if (layers.size === 0) return lab;
  const nodes = Object.entries(lab.nodes).map(([name, node]): [string, LabNode] => {
    const settings = layers.get(name)?.map((layer) => layer.settings) ?? [];
    return [name, settings.length === 0 ? node : { ...node, ...joined([{ loopback: node.loopback }, ...settings]) }];
  });
  return { ...lab, nodes: Object.fromEntries(nodes) };
}

/** Services that contradict their profile, and nodes for which two profiles set different values. */
export function checkProfiles(scenario: ScenarioFile, lab: Lab): Problem[] {
  return [
    ...Object.entries(scenario.services).flatMap(([name, service]) => contradictions(name, service)),
    ...[...profileLayers(scenario, lab)].flatMap(([node, layers]) => disagreements(node, layers, lab, scenario)),
  ];
}

function contradictions(name: string, { like, mode, protocol }: Service): Problem[] {
  if (like === undefined) return [];
  const { only, rules } = PROFILES[like];
  const own = rules.flatMap(({ sets }) => sets?.service?.mode ?? [])[0]!;
  const problem = (field: string, message: string): Problem[] => [{ path: ['services', name, field], message }];
  return [
    ...(mode === own ? [] : problem('mode', `\`${like}\` has mode ${own}: remove \`mode\`, or remove \`like\``)),
    ...(only === undefined || protocol === only.protocol
      ? []
      : problem('like', `\`${like}\` is only valid for ${only.protocol}: ${only.why}`)),
  ];
}

function disagreements(node: string, layers: Layer[], lab: Lab, { servers, nodes }: ScenarioFile): Problem[] {
  const own = [nodes[node], ...(ROLES[lab.nodes[node]!.role].serves ? [servers] : [])];
  return layers.flatMap(({ path, settings }, index) =>
    (Object.keys(settings) as (keyof NodeSettings)[])
      .filter((key) => key !== 'loopback' && own.every((declared) => declared?.[key] === undefined))
      .flatMap((key): Problem[] => {
        const first = layers.slice(0, index).find((other) => other.settings[key] !== undefined);
        if (first === undefined || first.settings[key] === settings[key]) return [];
        const message = `sets \`${key}\` of ${node} to ${JSON.stringify(settings[key])}, but ${first.path.join('.')} sets it to ${JSON.stringify(first.settings[key])}: choose with \`nodes: { ${node}: { ${key}: … } }\``;
        return [{ path, message, dependsOn: [path.slice(0, 2), first.path.slice(0, 2)] }];
      }),
  );
}

/** Merged settings, the last one wins; loopback addresses are joined. */
function joined(settings: NodeSettings[]): NodeSettings {
  const loopback = [...new Set(settings.flatMap((one) => one.loopback ?? []))];
  const all = Object.assign({}, ...settings) as NodeSettings;
  return loopback.length === 0 ? all : { ...all, loopback };
}

/** What the profile of a service sets, before the author's own settings. */
export function profileSets({ like, protocol, check, vip }: Service): Sets[] {
  if (like === undefined) return [];
  return setsOf(PROFILES[like], { protocol, isChecked: (check?.type ?? 'none') !== 'none', vip });
}

interface Kind {
  protocol: Service['protocol'];
  isChecked: boolean;
  vip: unknown;
}

function setsOf({ rules }: Profile, kind: Kind): Sets[] {
  return rules.filter(({ when }) => applies(when, kind)).flatMap(({ sets }) => sets ?? []);
}

function applies(when: Rule['when'], { protocol, isChecked, vip }: Kind): boolean {
  if (when === undefined) return true;
  if (when === 'tcp' || when === 'udp') return protocol === when;
  return isChecked && (when === 'checked' || !String(vip).includes(':'));
}

function isProfile(like: unknown): like is ProfileName {
  return (PROFILE_NAMES as readonly unknown[]).includes(like);
}

function isMapping(value: unknown): value is Written {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
