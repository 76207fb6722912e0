import {
  isTooOld,
  KERNEL_REQUIREMENTS,
  OLDEST_KERNEL,
  TRUNK_TAGS,
  TUN_DEVICES,
  TUNNEL_DEVICES,
} from '../../harness/fabric/kernel-features.ts';
import type { Facts, NetworkFacts } from './facts.ts';

/** `fail`: labs cannot run. `warn`: some cannot, or there is something to know. */
export type Level = 'ok' | 'warn' | 'fail';

/** Findings by code, with their parameters. */
export interface Params {
  'node-version': { version: string; wanted: string };
  'no-engine': { reason: string };
  engine: { endpoint: string; name: string; api: string; os: string; cpus: number };
  'engine-unfit': { reason: string };
  'engine-parts': { storage: string; cgroups: string; firewall: string; security: string };
  kernel: { release: string; oldest: string };
  'kernel-features': { count: number };
  'kernel-lacks': { code: string; name: string; neededBy: string; options: string; output: string };
  'trunk-tags': { made: boolean; options: string };
  tunnels: { made: boolean; options: string };
  lab: { bootMs: number };
  'lab-fails': { reason: string };
  'bridge-filters': { on: string[] };
  'host-filter': { chain: string; how: string; owner: string };
  'hairpin-port': { port: string };
  'address-in-use': { lab: string; owner: string; address: string; iface: string };
  'addresses-free': Record<string, never>;
  'open-files': { limit: number | null; least: number };
  processes: { limit: number | null; least: number };
  'disk-free': { bytes: number; least: number };
  image: { name: string; present: boolean };
  'not-asked': { reason: string };
  'test-tools': { missing: string; installs: boolean };
  'setup-would': { actions: SetupAction[] };
}

export type SetupAction = 'install-engine' | 'start-engine' | 'build-image';

export type Finding = {
  [Code in keyof Params]: { code: Code; level: Level; params: Params[Code] };
}[keyof Params];

/** Needed by a node: agent, captures, load balancer with its connections. */
const LEAST_OPEN_FILES = 1024;
const LEAST_PROCESSES = 256;
/** The image, its base, and temporary space for building it. */
const LEAST_DISK = 2e9;

/** Findings from the facts, in order of output. */
export function findingsOf(facts: Facts): Finding[] {
  return [
    ...machine(facts),
    ...engine(facts),
    ...(facts.inside === null ? [] : inside(facts.inside)),
    ...(facts.network === null ? [] : network(facts.network, facts.lab !== null && 'bootMs' in facts.lab)),
    ...lab(facts.lab),
    ...(facts.unasked === null ? [] : [warn('not-asked', { reason: facts.unasked })]),
    ...setup(facts),
  ];
}

function machine({ node }: Facts): Finding[] {
  return [judge('node-version', node.newEnough ? 'ok' : 'fail', node)];
}

function engine({ engine: answer, kernel }: Facts): Finding[] {
  if (answer.endpoint === null) {
    return [
      judge('no-engine', 'fail', { reason: answer.reason }),
      judge('kernel', isTooOld(kernel) ? 'fail' : 'ok', { release: kernel, oldest: OLDEST_KERNEL }),
    ];
  }
  const { endpoint, facts, unfit } = answer;
  const { name, api, os, cpus, storage, cgroups, firewall, apparmor, rootless } = facts;
  const security = [...(apparmor ? ['AppArmor'] : []), ...(rootless ? ['rootless'] : [])].join(', ') || 'none';
  return [
    judge('engine', 'ok', { endpoint, name, api, os, cpus }),
    judge('engine-parts', 'ok', { storage, cgroups, firewall, security }),
    judge('kernel', isTooOld(facts.kernel) ? 'fail' : 'ok', { release: facts.kernel, oldest: OLDEST_KERNEL }),
    // A problem with the kernel is already reported.
    ...(unfit === null || isTooOld(facts.kernel) ? [] : [judge('engine-unfit', 'fail', { reason: unfit })]),
  ];
}

function inside({ lacks, openFiles, processes, diskFree }: NonNullable<Facts['inside']>): Finding[] {
  const hasDevices = !(TUNNEL_DEVICES.code in lacks);
  const hasTunnels = hasDevices || !(TUN_DEVICES.code in lacks);
  const missing = KERNEL_REQUIREMENTS.filter(({ code }) => code in lacks);
  const enough = (limit: number | null, least: number): Level => (limit === null || limit >= least ? 'ok' : 'warn');
  return [
    judge('kernel-features', 'ok', { count: KERNEL_REQUIREMENTS.length - missing.length }),
    ...[...missing, ...(hasTunnels ? [] : [TUN_DEVICES])].map(({ code, name, neededBy, options }) =>
      warn('kernel-lacks', { code, name, neededBy, options, output: lacks[code]! }),
    ),
    judge('trunk-tags', 'ok', { made: !(TRUNK_TAGS.code in lacks), options: TRUNK_TAGS.options }),
    ...(hasTunnels ? [judge('tunnels', 'ok', { made: hasDevices, options: TUNNEL_DEVICES.options })] : []),
    judge('open-files', enough(openFiles, LEAST_OPEN_FILES), { limit: openFiles, least: LEAST_OPEN_FILES }),
    judge('processes', enough(processes, LEAST_PROCESSES), { limit: processes, least: LEAST_PROCESSES }),
    judge('disk-free', enough(diskFree, LEAST_DISK), { bytes: diskFree, least: LEAST_DISK }),
  ];
}

/** Host filters are only a warning: the booted lab shows whether they block. */
function network({ filters, bridgeFilters, hairpinPort, clashes }: NetworkFacts, labBoots: boolean): Finding[] {
  const on = Object.entries(bridgeFilters).flatMap(([name, value]) => (value === '0' ? [] : [name]));
  return [
    judge('bridge-filters', 'ok', { on }),
    ...filters.map((filter) => judge('host-filter', labBoots ? 'ok' : 'warn', filter)),
    ...(hairpinPort === null ? [] : [judge('hairpin-port', 'fail', { port: hairpinPort })]),
    ...clashes.map((clash) => warn('address-in-use', clash)),
    ...(clashes.length === 0 ? [judge('addresses-free', 'ok', {})] : []),
  ];
}

function lab(facts: Facts['lab']): Finding[] {
  if (facts === null) return [];
  return 'bootMs' in facts ? [judge('lab', 'ok', facts)] : [judge('lab-fails', 'fail', facts)];
}

function setup({ engine: { endpoint }, image, setup: { tools, installs, dockerd } }: Facts): Finding[] {
  const engineAction = endpoint === null && installs ? [dockerd ? 'start-engine' : 'install-engine'] : [];
  // Without an engine this is unknown, and a new engine has no image.
  const actions = [...engineAction, ...(image?.present ? [] : ['build-image'])] as SetupAction[];
  return [
    ...(image === null ? [] : [judge('image', image.present ? 'ok' : 'warn', image)]),
    judge('setup-would', actions.length === 0 ? 'ok' : 'warn', { actions }),
    judge('test-tools', tools.length === 0 ? 'ok' : 'warn', { missing: tools.join(', '), installs }),
  ];
}

const warn = <Code extends keyof Params>(code: Code, params: Params[Code]): Finding => judge(code, 'warn', params);

function judge<Code extends keyof Params>(code: Code, level: Level, params: Params[Code]): Finding {
  return { code, level, params } as Finding;
}
