import { linkNameOf } from '../terms/link-name.ts';
import type { Layer } from './per-node.ts';
import type { NodeSettings } from './schema.ts';
import type { Path } from './yaml-file.ts';

/** Settings that a node and its interfaces can have. */
export type InterfaceSettings = NonNullable<NodeSettings['interfaces']>[string];
type Key = keyof InterfaceSettings;

/**
 * The effective setting of one interface, and its path; null if unset. The last layer wins; within a layer, the
 * interface's setting.
 * @param layers settings of a node, lowest priority first
 */
export function interfaceSetting<K extends Key>(
  layers: Layer[],
  { name }: { name: string },
  key: K,
): { value: NonNullable<InterfaceSettings[K]>; path: Path } | null {
  for (const { path, settings } of layers.toReversed()) {
    for (const word of [name, linkNameOf(name)]) {
      const value = settings.interfaces?.[word]?.[key];
      if (value !== undefined) return { value, path: [...path, 'interfaces', word, key] };
    }
    const ofNode = (settings as InterfaceSettings)[key];
    if (ofNode !== undefined) return { value: ofNode, path: [...path, key] };
  }
  return null;
}
