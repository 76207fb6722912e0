import { wordOf } from '../terms/link-word.ts';
import type { Layer } from './per-node.ts';
import type { NodeSettings } from './schema.ts';
import type { Path } from './yaml-file.ts';

/** Settings of a node that an interface may have of its own. */
export type InterfaceSettings = NonNullable<NodeSettings['interfaces']>[string];
type Key = keyof InterfaceSettings;

/**
 * A setting as it is for one interface, and where it is written; null where nobody says it. What is said last holds, be it
 * of the node or of the interface; in one place, what is said of the interface.
 * @param layers what is said of a node, the weakest first
 */
export function interfaceSetting<K extends Key>(
  layers: Layer[],
  { name }: { name: string },
  key: K,
): { value: NonNullable<InterfaceSettings[K]>; path: Path } | null {
  for (const { path, settings } of layers.toReversed()) {
    for (const word of [name, wordOf(name)]) {
      const value = settings.interfaces?.[word]?.[key];
      if (value !== undefined) return { value, path: [...path, 'interfaces', word, key] };
    }
    const ofNode = (settings as InterfaceSettings)[key];
    if (ofNode !== undefined) return { value: ofNode, path: [...path, key] };
  }
  return null;
}
