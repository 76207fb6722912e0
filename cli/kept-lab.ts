import { didYouMean, noSuch } from '../harness/did-you-mean.ts';
import type { KeptLab, KeptNode } from '../harness/fabric/kept-labs.ts';
import { commandLineError } from './shared/command-line-error.ts';

/** What to do where no lab is up. */
export const NO_LAB = 'no lab is up; leave one running with: npx l4lab up SCENARIO';

/**
 * The lab that is meant.
 * @param name that of its scenario, its beginning, or what follows a slash in it; may be absent where one lab is up
 * @throws L4labError `invalid-input` where there is none, or more than one
 */
export function chooseLab(labs: KeptLab[], name: string | undefined): KeptLab {
  const names = labs.map(({ scenario }) => scenario);
  if (labs.length === 0) throw commandLineError(NO_LAB);
  const fits = (own: string): boolean => name === undefined || own.startsWith(name) || own.includes(`/${name}`);
  const exact = labs.find(({ scenario }) => scenario === name);
  const [found, ...others] = exact ? [exact] : labs.filter(({ scenario }) => fits(scenario));
  if (found === undefined) throw commandLineError(`\`${name}\` is not up${didYouMean(name!, names)}; ${list(names)}`);
  if (others.length > 0) throw commandLineError(`which lab? Name one with --scenario; ${list(names)}`);
  return found;
}

function list(names: string[]): string {
  return names.length === 1 ? `${names[0]} is` : `up are ${names.join(', ')}`;
}

/** @throws L4labError `invalid-input` naming the nodes that there are */
export function chooseNode({ nodes }: KeptLab, name: string): KeptNode {
  const found = nodes.find((node) => node.name === name);
  if (found === undefined)
    throw commandLineError(
      noSuch(
        'node',
        name,
        nodes.map((node) => node.name),
      ),
    );
  return found;
}
