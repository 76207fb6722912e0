import type { Problem } from './problem.ts';
import type { NodeSettings } from './schema.ts';
import type { Path } from './yaml-file.ts';

/** Settings of a node, and where they are written. */
export interface Layer {
  path: Path;
  settings: NodeSettings;
}

/** A mistake in what is said of a node, perhaps of several at once. */
export interface NodeProblem {
  path: Path;
  /** A sentence in which `NODES` stands for the nodes that have the problem. */
  what: string;
  dependsOn: Path[];
}

/** Problems of several nodes that stand in one place and are the same, told once. */
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

/** Where a setting is written; null where the layers do not say it. */
export function pathOf(layers: Layer[], key: keyof NodeSettings): Path | null {
  const layer = layers.findLast(({ settings }) => settings[key] !== undefined);
  return layer ? [...layer.path, key] : null;
}
