import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findProject, type Project } from '../../harness/project/project.ts';

/** Two connected nodes. */
export const TWO_NODES = `title: Two nodes
nodes: { client: { role: client }, s1: { role: server } }
links: [{ client: 203.0.113.10/24, s1: 203.0.113.11/24 }]
`;

/** Two flows in two variants, on a lab of that name. */
export function twoByTwo(lab = 'two-nodes'): string {
  return `title: One server
lab: ${lab}
servers: { listeners: [80/tcp, 81/tcp] }
flows:
  one: { from: client, to: s1, port: 80, expect: works }
  two: { from: client, to: s1, port: 81, expect: works }
variants:
  as-is: {}
  deaf: { change: { servers: { listeners: [81/tcp] } }, expect: { one: { outcome: fails, cause: refused } } }
`;
}

/** A project in a temporary folder, which is removed on disposal. */
export interface TemporaryProject extends Disposable {
  folder: string;
  project: Project;
  /** Writes a file, creating its folders. */
  write: (name: string, text: string) => void;
}

export async function temporaryProject(): Promise<TemporaryProject> {
  const folder = mkdtempSync(join(tmpdir(), 'l4lab-project-'));
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  write('package.json', '{}');
  write('labs/two-nodes.yaml', TWO_NODES);
  mkdirSync(join(folder, 'scenarios'));
  return {
    folder,
    project: await findProject({ from: folder, shipped: join(folder, 'shipped') }),
    write,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
