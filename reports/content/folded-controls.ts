import type { ControlResult } from '../../harness/terms/reason.ts';
import { namesText, runText } from '../messages/names.ts';

/** So many controls of one kind are told one by one. */
const MOST_ALIKE = 4;

/** Controls of which many from one node went alike are told as one, with the names of all that they went to. */
export function foldedControls(controls: ControlResult[]): ControlResult[] {
  const groups = new Map<string, ControlResult[]>();
  for (const control of controls) {
    const { from, protocol, port, works, client } = control;
    // A failure is told with its own cause.
    const key = JSON.stringify(works && control.to !== null ? [from, protocol, port, client] : control);
    groups.set(key, [...(groups.get(key) ?? []), control]);
  }
  return [...groups.values()].flatMap((alike) => {
    if (alike.length <= MOST_ALIKE) return alike;
    const to = namesText(alike.map((control) => control.to ?? ''));
    return [{ ...alike[0]!, to, address: runText([alike[0]!.address, alike.at(-1)!.address]) }];
  });
}
