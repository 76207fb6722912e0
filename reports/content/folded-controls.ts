import type { ControlResult } from '../../harness/terms/reason.ts';
import { namesText, runText } from '../messages/names.ts';

/** Controls of one kind are folded above this number. */
const MAX_SEPARATE = 4;

/** Folds many controls from one node with the same result into one that lists all destinations. */
export function foldedControls(controls: ControlResult[]): ControlResult[] {
  const groups = new Map<string, ControlResult[]>();
  for (const control of controls) {
    const { from, protocol, port, works, client } = control;
    // Each failure keeps its own cause.
    const key = JSON.stringify(works && control.to !== null ? [from, protocol, port, client] : control);
    groups.set(key, [...(groups.get(key) ?? []), control]);
  }
  return [...groups.values()].flatMap((alike) => {
    if (alike.length <= MAX_SEPARATE) return alike;
    const to = namesText(alike.map((control) => control.to ?? ''));
    return [{ ...alike[0]!, to, address: runText([alike[0]!.address, alike.at(-1)!.address]) }];
  });
}
