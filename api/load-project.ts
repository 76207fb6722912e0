import { InputError } from '../harness/errors.ts';
import { findProject, type Project } from '../harness/project/project.ts';
import { findScenarios, loadEach, loadScenario } from '../harness/project/scenario-files.ts';
import { EXAMPLES, SHIPPED_LABS } from './package.ts';
import { Scenario } from './scenario.ts';

/** A project whose scenarios can be read. */
export interface LoadedProject extends Project {
  /**
   * Scenarios by name, prefix of a name, file or folder; all by default.
   * @throws Error `invalid-input` with every mistake of every file, each with its position
   */
  scenarios(...names: string[]): Scenario[];
}

/**
 * The project of a folder: the nearest one upward that has `l4lab.config.{ts,mjs,json}`, or `scenarios/` beside a
 * package.json.
 * @param options where to look (the current folder by default), or which folder it is;
 *   `makes` where the folders that the configuration names are about to be made
 */
export async function loadProject(
  options: { from?: string; root?: string | undefined; makes?: boolean } = {},
): Promise<LoadedProject> {
  const project = await findProject({
    from: options.from ?? process.cwd(),
    root: options.root,
    makes: options.makes,
    shipped: SHIPPED_LABS,
    examples: EXAMPLES,
  });
  return {
    ...project,
    scenarios: (...names) => {
      const { loaded, mistakes } = loadEach(project, findScenarios(project, names), loadScenario);
      if (mistakes.length > 0) throw new InputError(mistakes);
      return loaded.map((one) => new Scenario(project, one));
    },
  };
}
