import { MODES } from '../../harness/terms/mode.ts';
import type { Mode } from '../../harness/terms/plan.ts';
import { commandLineError } from '../command-line-error.ts';
import { noSuch } from '../selection.ts';
import type { ChosenLab } from './chosen-lab.ts';
import { workingModes } from './starter.ts';

const USUAL: Mode = 'dsr';

/** What a mode does, in a line. */
export const MODE_TITLES: Record<Mode, string> = {
  dnat: 'another destination address; answers come back through the load balancer',
  proxy: 'another source as well (a proxy IP); servers do not see the client',
  dsr: 'another MAC only; servers hold the VIP and answer clients themselves',
  l3dsr: 'the same across routers, by a DSCP value',
};

/** @throws L4labError `invalid-input` for a mode that there is not */
export function chosenMode(name: string): Mode {
  const known = Object.keys(MODES) as Mode[];
  const mode = known.find((one) => one === name);
  if (mode === undefined) throw commandLineError(noSuch('mode', name, known));
  return mode;
}

/** The mode that is taken for a lab where none is named: the usual one if it serves the lab's clients. */
export function usualMode({ name, lab }: ChosenLab): Mode {
  const working = workingModes(name, lab);
  return working.includes(USUAL) ? USUAL : (working[0] ?? USUAL);
}
