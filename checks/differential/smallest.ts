import { L4labError } from '../../harness/errors.ts';
import type { Generated } from './generated.ts';
import { load } from './load.ts';

/** Path in the two documents to something that may be left out. */
type Path = [document: 'lab' | 'scenario', ...keys: string[]];
type Mapping = Record<string, unknown>;

/** Required fields of a service. */
const NEEDED = ['vip', 'port', 'protocol', 'pool', 'mode', 'like', 'dscp', 'proxyIp'];

/**
 * Removes everything from a lab that a property of it does not need: flows, services, settings, nodes. Large parts are
 * removed first, then smaller ones (delta debugging), because testing one lab takes seconds.
 * @param holds whether a smaller lab, which is valid, still has the property
 */
export async function smallest(sample: Generated, holds: (smaller: Generated) => Promise<boolean>): Promise<Generated> {
  let kept = sample;
  let left = removable(sample);
  for (let size = left.length; size > 0; size = Math.floor(size / 2)) {
    for (let at = 0; at < left.length;) {
      const chunk = left.slice(at, at + size);
      const smaller = chunk.reduce(without, kept);
      if (isValid(smaller) && (await holds(smaller))) {
        kept = smaller;
        left = left.filter((path) => !chunk.includes(path));
      } else at += size;
    }
  }
  return kept;
}

function removable({ lab, scenario }: Generated): Path[] {
  const keys = (value: unknown): string[] => Object.keys(value ?? {});
  const inEach = (name: 'nodes' | 'flows' | 'services', except: string[]): Path[] =>
    keys(scenario[name]).flatMap((entry) =>
      keys((scenario[name] as Mapping)[entry])
        .filter((key) => !except.includes(key))
        .map((key): Path => ['scenario', name, entry, key]),
    );
  return [
    ...keys(scenario.flows).map((name): Path => ['scenario', 'flows', name]),
    ...inEach('nodes', []),
    ...keys(scenario['servers']).map((key): Path => ['scenario', 'servers', key]),
    ...inEach('flows', ['from', 'to', 'protocol', 'port', 'expect']),
    ...inEach('services', NEEDED),
    ...keys(scenario.services).map((name): Path => ['scenario', 'services', name]),
    ...keys(lab['nodes']).map((name): Path => ['lab', 'nodes', name]),
  ];
}

/** Removes it; a node with its links and settings. */
function without(sample: Generated, [document, ...keys]: Path): Generated {
  if (document === 'scenario') return { ...sample, scenario: omit(sample.scenario, keys) as Generated['scenario'] };
  const node = keys.at(-1)!;
  const links = (sample.lab['links'] as Mapping[]).filter((link) => !(node in link));
  const scenario = omit(sample.scenario, keys) as Generated['scenario'];
  return { lab: { ...omit(sample.lab, keys), links }, scenario };
}

function omit(from: Mapping, [key = '', ...rest]: string[]): Mapping {
  if (!(key in from)) return from;
  const { [key]: found, ...others } = from;
  return rest.length === 0 ? others : { ...from, [key]: omit(found as Mapping, rest) };
}

function isValid(sample: Generated): boolean {
  try {
    load('smaller', sample);
    return true;
  } catch (error) {
    if (error instanceof L4labError) return false;
    throw error;
  }
}
