import { readyEngine } from '../api/engine.ts';
import { EXIT } from '../harness/errors.ts';
import type { Project } from '../harness/project/project.ts';

/** `l4lab setup`: makes sure that an engine answers and holds the lab image, as `run` does. */
export async function setupCommand(project: Project, { yes }: { yes: boolean }): Promise<number> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const { engine, more, image } = await readyEngine(project, { yes, say });
  for (const { endpoint } of [engine, ...more]) say(`ready: engine at ${endpoint}, image ${image}`);
  return EXIT.ok;
}
