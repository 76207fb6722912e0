import { stringify } from 'yaml';
import { InputError } from '../../errors.ts';
import { freeAddress } from '../free-address.ts';
import { commonGateways } from '../common-gateways.ts';
import { balancersOf, callersOf, serversOf } from '../lab-queries.ts';
import { modeNeeds } from '../mode-needs.ts';
import type { Mode } from '../../terms/mode.ts';
import type { LoadedScenario } from './plans.ts';
import { readScenario } from '../read/read.ts';
import type { Lab } from '../schema.ts';
import { parseYaml, type YamlFile } from '../yaml-file.ts';

/** The modes that a matrix compares. */
const MATRIX_MODES: Mode[] = ['dnat', 'proxy', 'dsr'];
/** The mode of the scenario, which variants change. */
const BASE_MODE: Mode = 'dnat';

/** The scenario of a matrix, and the variants that are impossible in the lab. */
export interface Matrix extends LoadedScenario {
  leftOut: { variant: string; mistakes: string[] }[];
}

/**
 * The default matrix of a topology, as a scenario: each L4 has a service on all servers, called by every client and
 * server, in each mode and with either gateway. Omits what the lab's settings rule out.
 * @throws InputError at the lab's own lines if there is nothing to call
 */
export function defaultMatrix({ name, lab, yaml: labFile }: { name: string; lab: Lab; yaml: YamlFile }): Matrix {
  const servers = serversOf(lab);
  const callers = [...callersOf(lab), ...servers];
  const l4s = balancersOf(lab);
  for (const [role, nodes] of [
    ['server', servers],
    ['l4', l4s],
  ] as const) {
    if (nodes.length === 0)
      throw new InputError([
        { ...labFile.locate(['nodes']), message: `nodes: a matrix needs a node with role ${role}` },
      ]);
  }
  const serviceOf = (l4: string): string => (l4s.length === 1 ? 'web' : `web-${l4}`);
  const services = l4s.map((l4) => serviceOf(l4));
  const vips: string[] = [];
  for (const l4 of l4s) {
    const vip = freeAddress(lab, l4, vips);
    const message = `nodes.${l4}: has no subnet with a free address for a VIP`;
    if (vip === undefined) throw new InputError([{ ...labFile.locate(['nodes', l4]), message }]);
    vips.push(vip);
  }
  const scenario = {
    title: 'Which flows work in which mode',
    lab: name,
    services: Object.fromEntries(
      l4s.map((l4, i) => [serviceOf(l4), { vip: vips[i], port: 80, mode: BASE_MODE, pool: servers, l4 }]),
    ),
    flows: Object.fromEntries(
      services.flatMap((to) => callers.map((from) => [`${from}-to-${to}`, { from, to, expect: 'works' }])),
    ),
  };
  const variants = commonGateways(lab, servers).flatMap((gateway) =>
    MATRIX_MODES.map((mode) => [`${mode}-gateway-${gateway}`, { change: change(mode, gateway, services) }] as const),
  );
  const read = (of: typeof variants): LoadedScenario => {
    const yaml = parseYaml(labFile.file, stringify({ ...scenario, variants: Object.fromEntries(of) }));
    return { scenario: readScenario(name, name, lab, yaml), yaml };
  };
  const leftOut: Matrix['leftOut'] = [];
  const possible = variants.filter((variant) => {
    try {
      read([variant]);
      return true;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      leftOut.push({ variant: variant[0], mistakes: error.mistakes.map(({ message }) => message) });
      return false;
    }
  });
  if (possible.length === 0) {
    // Their lines belong to a generated scenario.
    const messages = new Set(leftOut.flatMap(({ mistakes }) => mistakes));
    const at = labFile.locate(['nodes']);
    throw new InputError([...messages].map((message) => ({ ...at, message: `for its matrix, ${message}` })));
  }
  return { ...read(possible), leftOut };
}

function change(mode: Mode, gateway: string, services: string[]): Record<string, unknown> {
  const needs = modeNeeds(mode, services);
  const ofServices = mode === BASE_MODE ? {} : { services: inAll(services, { mode, ...needs.service }) };
  return { servers: { gateway, ...needs.servers }, ...ofServices };
}

function inAll(services: string[], settings: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(services.map((service) => [service, settings]));
}
