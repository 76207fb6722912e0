import fc from 'fast-check';
import { isDirect } from '../../harness/terms/mode.ts';
import { dualStack, inIpv6 } from './family.ts';
import { oneInterface, withInterface, type OneInterface } from './interfaces.ts';
import { routed, routes, type Routes } from './routes.ts';
import { cachedYaml, NAME, name, nameYaml, type Name } from './names.ts';
import { nat, translating, type Nat } from './nat.ts';
import { routeService, routeServices, type RouteService } from './route-services.ts';
import { asProduct, service, serviceYaml, type Service } from './services.ts';
import { balancer, host, mostly, oneServer, prefixLength, router, servers } from './settings.ts';
import { misplaced, onTrunks, vlans, type Vlans } from './vlans.ts';
import { addressesOf, endsOf, isTrunk, wire, wiring, type Wired, type Wiring } from './wiring.ts';

type Settings = Record<string, unknown>;

/** A lab and a scenario on it, as in YAML. */
export interface Generated {
  lab: Settings;
  scenario: Settings & { lab: string; services: Record<string, Settings>; flows: Record<string, Settings> };
}

interface Sketch {
  ipv6: boolean;
  /** Whether servers of `web` are reached by the other family, if that is in mode ipip and the lab can have both. */
  mixed: boolean;
  wiring: Wiring;
  /** Null for switches without VLANs. */
  vlans: Vlans | null;
  nodes: { client: Settings; edge: Settings; l3: Settings; l3b: Settings; l4: Settings };
  servers: Settings;
  s1: OneServer;
  s2: OneServer;
  web: Service;
  api: Service;
  name: Name;
  flows: (keyof typeof FLOWS)[];
  neighbours: 'warm' | 'cold';
  /** A link with another MTU: its index, modulo the number of links; null for none. */
  otherMtu: { link: number; mtu: number } | null;
  /** Whether a second L4 next to the first one has the same services, if there is room for it. */
  twins: boolean;
  /** Extra payload, bytes, and requests on one connection. */
  /** Fields that say how much is sent. */
  bytes: Record<string, number>;
  exchanges: number;
  /** How echo requests are sent. */
  ping: Settings;
  /** Whether the second flow runs `after` the first one, the third after the second, and so on. */
  inSequence: boolean;
  /** Source port of flows that have ports; null if each attempt has its own. */
  sourcePort: number | null;
  /** Side whose segment is out of the window in flows over TCP; null for none. */
  outOfWindow: 'client' | 'server' | null;
  routes: Routes;
  oneInterface: OneInterface;
  nat: Nat | null;
  routeService: RouteService | null;
  /** Services with the L4 in their pool, and whether it listens. */
  serving: { services: ('web' | 'api')[]; listens: boolean };
  /** A service of mode `route` at the second L4. */
  backRoute: RouteService | null;
  /** Whether checks are requests over HTTP instead of connections. */
  checksByRequest: boolean;
  /** Server that listens only at its own address; null for none. */
  listensAtOwn: 's1' | 's2' | null;
}

interface OneServer {
  settings: Settings;
  /** UDP replies: from the called address and port, the server's own address, or another port. */
  answersFrom: 'called' | 'own' | 'port';
  /** Index into its possible gateways, modulo their number. */
  gateway: number;
  prefixLength: number;
}

const WEB_PORT = 80;

/** A flow to a service has no protocol of its own: it uses that of the service. */
const FLOWS = {
  'client-web': { from: 'client', to: 'web' },
  'client-api': { from: 'client', to: 'api' },
  's1-web': { from: 's1', to: 'web' },
  's2-web': { from: 's2', to: 'web' },
  's2-api': { from: 's2', to: 'api' },
  'client-s1': { from: 'client', to: 's1', protocol: 'tcp', port: WEB_PORT },
  'client-s2-udp': { from: 'client', to: 's2', protocol: 'udp', port: WEB_PORT },
  's1-client-ping': { from: 's1', to: 'client', protocol: 'icmp' },
  's2-client': { from: 's2', to: 'client', protocol: 'tcp', port: WEB_PORT },
  's1-s2': { from: 's1', to: 's2', protocol: 'http', port: WEB_PORT },
  'l4-s1': { from: 'l4', to: 's1', protocol: 'tcp', port: WEB_PORT },
  'l4-web': { from: 'l4', to: 'web' },
  'l4-api': { from: 'l4', to: 'api' },
  'l3-web': { from: 'l3', to: 'web' },
  'client-web-ping': { from: 'client', to: 'web', protocol: 'icmp' },
  'client-name': { from: 'client', to: NAME },
  's2-name': { from: 's2', to: NAME },
} as const;

/** Calls of an L4 to its own services. */
const OWN_CALLS: (keyof typeof FLOWS)[] = ['l4-web', 'l4-api'];

const oneOfServers = fc.record({
  answersFrom: mostly('called' as const, ['own', 'port'] as const, 6),
  settings: oneServer,
  gateway: fc.nat(3),
  prefixLength,
});

const sketch: fc.Arbitrary<Sketch> = fc.record({
  flows: fc.subarray(Object.keys(FLOWS) as (keyof typeof FLOWS)[], { minLength: 1, maxLength: 6 }),
  neighbours: mostly<Sketch['neighbours']>('warm', ['cold'], 2),
  otherMtu: mostly(false, [true], 3).chain((drawn) =>
    drawn ? fc.record({ link: fc.nat(7), mtu: mostly(1400, [1280, 3000, 9000]) }) : fc.constant(null),
  ),
  twins: mostly(false, [true]),
  bytes: mostly<Sketch['bytes']>({}, [{ bytes: 4000 }, { requestBytes: 4000 }, { replyBytes: 4000 }]),
  exchanges: mostly(1, [3]),
  ping: mostly<Settings>({}, [
    { bytes: 1472 },
    { bytes: 1372, dontFragment: true },
    { bytes: 1473, dontFragment: true },
    { bytes: 3000 },
  ]),
  inSequence: mostly(false, [true]),
  sourcePort: mostly<number | null>(null, [5060]),
  outOfWindow: mostly<Sketch['outOfWindow']>(null, ['client', 'server']),
  nodes: fc.record({ client: host, edge: router, l3: router, l3b: router, l4: balancer }),
  servers,
  s1: oneOfServers,
  s2: oneOfServers,
  web: service,
  api: service,
  name,
  ipv6: mostly(false, [true]),
  mixed: mostly(false, [true], 2),
  wiring,
  vlans,
  routes,
  oneInterface,
  nat,
  routeService,
  // Last: labs of known seeds are otherwise the same as before.
  serving: fc.record({
    services: mostly<Sketch['serving']['services']>([], [['web'], ['api'], ['web', 'api']], 2),
    listens: mostly(true, [false], 8),
  }),
  backRoute: routeService,
  checksByRequest: mostly(false, [true], 3),
  listensAtOwn: mostly<Sketch['listensAtOwn']>(null, ['s1', 's2']),
});

/** Random labs with settings. */
export const generated: fc.Arbitrary<Generated> = sketch.map((sketch) => {
  const written = documents(sketch);
  const translated = inIpv6(written) as Generated;
  const [own, other] = sketch.ipv6 ? [translated, written] : [written, translated];
  return sketch.mixed && mayBeMixed(own) ? mixed(own, other, sketch.ipv6 ? 'ipv4' : 'ipv6') : own;
});

/** Not possible if a node has its address elsewhere than on links, because it has only one. */
function mayBeMixed({ lab, scenario }: Generated): boolean {
  const { nodes, links } = lab as unknown as Wired;
  const isElsewhere = (settings: Settings): boolean => 'address' in settings || typeof settings['bridge'] === 'string';
  const all = [...Object.values(nodes), ...Object.values(scenario['nodes'] as Record<string, Settings>)];
  const { mode, like } = scenario.services['web']!;
  const isPlain = !all.some(isElsewhere) && !links.some((link) => Object.values(link).some(isTrunk));
  return mode === 'ipip' && like === undefined && isPlain;
}

/** The same lab with the addresses of both documents; packets to `web` are carried in packets of the other family. */
function mixed(own: Generated, other: Generated, outer: 'ipv4' | 'ipv6'): Generated {
  const web = { ...own.scenario.services['web'], outer };
  const lab = dualStack(own.lab, other.lab) as Settings;
  const name = `${own.scenario.lab}-dual`;
  const nodes = dualStack(own.scenario['nodes'], other.scenario['nodes']);
  const scenario = { ...own.scenario, lab: name, nodes, services: { ...own.scenario.services, web } };
  return { lab: { ...lab, title: name }, scenario };
}

function documents(drawn: Sketch): Generated {
  const sketch = agreed(drawn);
  const { vlans, wiring: drawnWiring, twins } = sketch;
  // On trunks all interfaces of a node are behind one link.
  const plain = wire(vlans === null ? drawnWiring : { ...drawnWiring, double: 'none' }, twins);
  const trunks = vlans === null ? null : onTrunks(plain, vlans);
  const wired = trunks ?? plain;
  const places = { ...wired, ownsVips: sketch.nodes.l4['vipOwner'] !== false };
  const serviceOf = (name: 'web' | 'api', port: number): Settings => {
    const at = { ...places, serves: sketch.serving.services.includes(name) };
    const written =
      'l4b' in wired.nodes
        ? { ...serviceYaml({ ...sketch[name], proxyIp: 'auto' }, port, at), l4: ['l4', 'l4b'] }
        : serviceYaml(sketch[name], port, at);
    return sketch.checksByRequest ? checkedByRequest(written) : written;
  };
  const name = sketch.ipv6 ? `${wired.name}-ipv6` : wired.name;
  const services = { web: serviceOf('web', WEB_PORT), api: serviceOf('api', apiPort(sketch)) };
  const spread = {
    ...routeServices(sketch.routeService, wired),
    ...routeServices(sketch.backRoute, wired, 'l4b'),
  };
  const flows = flowsOf(sketch, wired);
  const vips = { web: services.web['vip'], api: services.api['vip'] };
  const { l4, ...others } = sketch.nodes;
  const listening = sketch.serving.listens ? {} : { listeners: [] };
  const settings = { ...others, l4: { ...visible(l4, sketch), ...listening } };
  const translates = translating(wired, sketch.nat);
  const nodes = Object.fromEntries(
    Object.entries(settings)
      .filter(([name]) => name in wired.nodes)
      .map(([name, own]) => [name, { ...own, ...translates[name] }]),
  );
  const own = {
    ...nodes,
    ...(trunks !== null && vlans!.wrong !== null ? misplaced(trunks.ports, vlans!.wrong) : {}),
    s1: serverYaml('s1', sketch, wired),
    s2: serverYaml('s2', sketch, wired),
  };
  return {
    lab: { title: name, nodes: wired.nodes, links: wired.links },
    scenario: {
      title: 'generated',
      lab: name,
      servers: ofServers(knowing(sketch.servers, sketch), sketch),
      neighbours: sketch.neighbours,
      nodes: withInterface(withMtu(routed(own, sketch.routes, wired, vips), sketch, wired), sketch.oneInterface, wired),
      services: { ...services, ...spread },
      ...(flows.some((flow) => FLOWS[flow].to === NAME)
        ? { names: nameYaml(sketch.name, services, addressOf('s1', wired)) }
        : {}),
      flows: Object.fromEntries(
        flows.map((name, index, names) => [
          name,
          { ...flowYaml(name, sketch, wired), ...(sketch.inSequence && index > 0 ? { after: names[index - 1]! } : {}) },
        ]),
      ),
    },
  };
}

/** Flows whose caller is in the lab, and whose DNS server it reaches. */
function flowsOf({ flows, nodes: { l4 }, name: { server } }: Sketch, { nodes }: Wired): (keyof typeof FLOWS)[] {
  // An L4 has no route to a VIP that it does not own: `validate` refuses the flow.
  const callsNothing = (name: keyof typeof FLOWS): boolean => OWN_CALLS.includes(name) && l4['vipOwner'] === false;
  const cannotResolve = ({ from, to }: (typeof FLOWS)[keyof typeof FLOWS]): boolean =>
    to === NAME && (from === server || !(server in nodes));
  const possible = flows.filter(
    (name) => FLOWS[name].from in nodes && !callsNothing(name) && !cannotResolve(FLOWS[name]),
  );
  return possible.length === 0 ? ['client-web'] : possible;
}

/** The same settings, and both ends of one link with another MTU. */
function withMtu(nodes: Record<string, Settings>, { otherMtu }: Sketch, { links }: Wired): Record<string, Settings> {
  if (otherMtu === null) return nodes;
  const { link, mtu } = otherMtu;
  const ends = endsOf(links, link % links.length).map(({ name, word }): [string, Settings] => [
    name,
    { ...nodes[name], interfaces: { [word]: { mtu } } },
  ]);
  return { ...nodes, ...Object.fromEntries(ends) };
}

/** The first address of a node. */
function addressOf(name: string, { links }: Wired): string {
  return addressesOf(links.find((link) => name in link)![name]!)[0]!.split('/')[0]!;
}

/** All services of a VIP must agree on whether, and how, servers reply from it. */
function agreed({ web: drawn, api: other, ...sketch }: Sketch): Sketch {
  const web = unmistakable(asProduct(drawn), sketch);
  // An L4 has one idle timeout, that of one product.
  const api = { ...other, like: null };
  const differ = web.vip === api.vip && isDirect(web) && isDirect(api);
  return { ...sketch, web, api: differ ? { ...api, mode: web.mode } : api };
}

/** No check if the L4 does not have the address from which the product checks, or if two L4s have it. */
function unmistakable(web: Service, { nodes, twins }: Pick<Sketch, 'nodes' | 'twins'>): Service {
  const isMistakable = web.like === 'azure-lb' && (twins || nodes.l4['loopback'] !== undefined);
  return isMistakable ? { ...web, check: { type: 'none' } } : web;
}

const OF_DSR = ['loopback', 'arpIgnore', 'arpAnnounce'];

/** Settings of all servers without those that the profile of their service sets. */
function ofServers(settings: Settings, { web, api }: Sketch): Settings {
  if (web.like === null || isDirect(api)) return settings;
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !OF_DSR.includes(name)));
}

/** What servers do for services of a mode. */
const OF_MODES = { undoDscp: 'l3dsr', tunnelEnd: 'ipip' } as const;

/** Settings of servers without the DSCP values and tunnels that no service has. */
function knowing(settings: Settings, sketch: Sketch): Settings {
  const known = (Object.keys(OF_MODES) as (keyof typeof OF_MODES)[]).flatMap((field) => {
    const names = (settings[field] as ('web' | 'api')[] | undefined)?.filter(
      (name) => sketch[name].mode === OF_MODES[field],
    );
    const isOfAny = sketch.web.mode === OF_MODES[field] || sketch.api.mode === OF_MODES[field];
    return names === undefined || !isOfAny ? [] : [[field, names]];
  });
  const others = Object.entries(settings).filter(([field]) => !(field in OF_MODES));
  return Object.fromEntries([...others, ...known]) as Settings;
}

/** Services that share a VIP need ports of their own. */
function apiPort({ web, api }: Sketch): number {
  return web.vip === api.vip ? 8080 : WEB_PORT;
}

/** Settings of the L4 without a filter that would see no requests, which `validate` refuses for mode dsr. */
function visible({ filter, ...settings }: Settings, { web, api }: Sketch): Settings {
  return filter === undefined || web.mode === 'dsr' || api.mode === 'dsr' ? settings : { ...settings, filter };
}

function serverYaml(name: 's1' | 's2', sketch: Sketch, wired: Wired): Settings {
  const { settings, gateway, prefixLength, answersFrom } = sketch[name];
  const gateways = wired.gateways[name];
  const links = wired.links.filter((link) => name in link);
  const address = links[0]![name];
  return {
    ...(answersFrom === 'own' && typeof address === 'string'
      ? { listeners: repliesFrom({ answersFrom: address.split('/')[0]! }) }
      : {}),
    ...(answersFrom === 'port' ? { listeners: repliesFrom({ answersFromPort: 1054 }) } : {}),
    ...(sketch.listensAtOwn === name && typeof address === 'string'
      ? { listeners: ['tcp', 'udp'].map((protocol) => `${address.split('/')[0]!}:${WEB_PORT}/${protocol}`) }
      : {}),
    ...knowing(settings, sketch),
    gateway: gateways[gateway % gateways.length],
    ...(links.length === 1 && typeof address === 'string' && prefixLength !== 25
      ? { address: address.replace('/25', `/${prefixLength}`) }
      : {}),
    ...('down' in settings ? { down: Object.keys(links[0]!).filter((peer) => peer !== name) } : {}),
  };
}

/** The same service, whose check sends a request instead of only connecting. */
function checkedByRequest(service: Settings): Settings {
  const check = service['check'] as Settings;
  return check['type'] === 'tcp' ? { ...service, check: { ...check, type: 'http' } } : service;
}

/** Listeners on every port that a service may use; over UDP they reply from one address or port. */
function repliesFrom(source: Settings): unknown[] {
  return [WEB_PORT, 8080].flatMap((port) => [`${port}/tcp`, { listen: `${port}/udp`, ...source }]);
}

function flowYaml(name: keyof typeof FLOWS, sketch: Sketch, wired: Wired): Settings {
  const { web, api, bytes, exchanges, ping, sourcePort, outOfWindow } = sketch;
  const flow = FLOWS[name];
  const isOfNode = flow.to === NAME && sketch.name.records === 'node';
  const service = flow.to === 'web' || (flow.to === NAME && !isOfNode) ? web : flow.to === 'api' ? api : null;
  const protocol = 'protocol' in flow ? flow.protocol : (service?.protocol ?? 'tcp');
  const talks = protocol === 'tcp' ? { ...bytes, exchanges } : protocol === 'icmp' ? ping : {};
  // Linux gives a node's own call another port if it already uses this one for a connection that it translates.
  const mayTranslate = flow.from === 'l4' || flow.from === 'l3';
  const port = protocol === 'icmp' || sourcePort === null || mayTranslate ? {} : { sourcePort };
  const spoiled = protocol === 'tcp' && outOfWindow !== null ? { outOfWindow } : {};
  const named = flow.to === NAME ? cachedYaml(sketch.name, addressOf('s1', wired)) : {};
  const known = { ...named, ...(isOfNode ? { port: WEB_PORT } : {}) };
  return { ...flow, ...known, protocol, ...talks, ...port, ...spoiled, expect: 'works' };
}
