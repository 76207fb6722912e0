import { didYouMean, noSuch } from '../harness/did-you-mean.ts';
import type { KeptLab, KeptNode } from '../harness/fabric/kept-labs.ts';
import { commandLineError } from './shared/command-line-error.ts';

/** Message if no lab is running. */
export const NO_LAB = 'no lab is up; leave one running with: npx l4lab up SCENARIO';

/**
 * Selects a running lab.
 * @param name its scenario's name, a prefix, or the part after a slash; optional if only one lab is running
 * @throws L4labError `invalid-input` for none or several matches
 */
export function chooseLab(labs: KeptLab[], name: string | undefined): KeptLab {
  const names = labs.map(({ scenario }) => scenario);
  if (labs.length === 0) throw commandLineError(NO_LAB);
  const fits = (own: string): boolean => name === undefined || own.startsWith(name) || own.includes(`/${name}`);
  const exact = labs.find(({ scenario }) => scenario === name);
  const [found, ...others] = exact ? [exact] : labs.filter(({ scenario }) => fits(scenario));
  if (found === undefined)
    throw commandLineError(`\`${name}\` is not up${didYouMean(name!, names)}; labs that are up: ${names.join(', ')}`);
  if (others.length > 0) throw commandLineError(`several labs are up; choose one with --scenario: ${names.join(', ')}`);
  return found;
}

/** @throws L4labError `invalid-input` with the available nodes */
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
