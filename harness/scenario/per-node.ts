import type { Problem } from './problem.ts';
import type { NodeSettings } from './schema.ts';
import type { Path } from './yaml-file.ts';

/** Settings of a node, and their path. */
export interface Layer {
  path: Path;
  settings: NodeSettings;
}

/** A mistake in the settings of one or more nodes. */
export interface NodeProblem {
  path: Path;
  /** A sentence with `NODES` in place of the affected nodes. */
  what: string;
  dependsOn: Path[];
}

/** Problems of nodes; equal ones at the same path are reported once for all nodes. */
export function problemsPerNode(names: string[], problemsOf: (name: string) => NodeProblem[]): Problem[] {
  const found = new Map<string, NodeProblem & { nodes: Set<string> }>();
  for (const name of names) {
    for (const problem of problemsOf(name)) {
      const key = JSON.stringify([problem.path, problem.what]);
      const { nodes } = found.get(key) ?? { nodes: new Set<string>() };
      found.set(key, { ...problem, nodes: nodes.add(name) });
    }
  }
  return [...found.values()].map(({ path, what, dependsOn, nodes }) => ({
    path,
    message: what.replace('NODES', [...nodes].join(', ')),
    dependsOn,
  }));
}

/** Path of a setting; null if no layer has it. */
export function pathOf(layers: Layer[], key: keyof NodeSettings): Path | null {
  const layer = layers.findLast(({ settings }) => settings[key] !== undefined);
  return layer ? [...layer.path, key] : null;
}
