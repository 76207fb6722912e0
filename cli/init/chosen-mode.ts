import { noSuch } from '../../harness/did-you-mean.ts';
import { MODES } from '../../harness/terms/mode.ts';
import type { Mode } from '../../harness/terms/plan.ts';
import { commandLineError } from '../shared/command-line-error.ts';
import type { ChosenLab } from './chosen-lab.ts';
import { workingModes } from './starter.ts';

const USUAL: Mode = 'dsr';

/** One-line description of each mode. */
export const MODE_TITLES: Record<Mode, string> = {
  dnat: 'rewrites the destination; replies return through the load balancer',
  proxy: 'rewrites source and destination; servers see a proxy IP, not the client',
  dsr: 'rewrites only the MAC; servers hold the VIP and reply directly',
  l3dsr: 'like dsr, but across routers, with a DSCP value',
  ipip: 'like dsr, but across routers, in an IP-in-IP tunnel',
};

/** @throws L4labError `invalid-input` for an unknown mode */
export function chosenMode(name: string): Mode {
  const known = Object.keys(MODES) as Mode[];
  const mode = known.find((one) => one === name);
  if (mode === undefined) throw commandLineError(noSuch('mode', name, known));
  return mode;
}

/** Default mode for a lab: the usual one if it can serve the lab's clients. */
export function usualMode({ name, lab }: ChosenLab): Mode {
  const working = workingModes(name, lab);
  return working.includes(USUAL) ? USUAL : (working[0] ?? USUAL);
}
