import { noSuch } from '../../did-you-mean.ts';
import { balancersOf } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import type { Lab } from '../schema.ts';
import type { Path } from '../yaml-file.ts';

/** Checks that a service names L4s of the lab, or has only one to choose from. */
export function checkL4s(path: Path, { l4 }: { l4?: string | string[] | undefined }, lab: Lab): Problem[] {
  const known = balancersOf(lab);
  const named = [l4 ?? []].flat();
  const problems = named.flatMap((name, index): Problem[] => {
    const at = Array.isArray(l4) ? [...path, 'l4', index] : [...path, 'l4'];
    if (!known.includes(name)) return [{ path: at, message: noSuch('l4 node', name, known), dependsOn: [] }];
    return named.indexOf(name) < index ? [{ path: at, message: `${name} is given twice` }] : [];
  });
  if (l4 === undefined && known.length !== 1)
    problems.push({ path, message: `needs \`l4:\`, because the lab has ${known.length} l4 nodes` });
  return problems;
}
