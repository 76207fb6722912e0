import { join } from 'node:path';
import { PACKAGE } from '../../api/package.ts';
import type { Project } from '../../harness/project/project.ts';
import type { Mode } from '../../harness/terms/plan.ts';
import type { ChosenLab } from './chosen-lab.ts';
import { labCopy } from './lab-copy.ts';
import type { NewFile } from './new-files.ts';
import { schemaPath } from './schema-path.ts';
import { starter } from './starter.ts';
import { starterText } from './starter-text.ts';

/** A first scenario, as a file of the project. @throws L4labError `invalid-input` if the mode cannot work */
export function scenarioFile(project: Project, name: string, { name: labName, lab }: ChosenLab, mode: Mode): NewFile {
  const path = join(project.folders.scenarios, `${name}.yaml`);
  const made = starter(labName, lab, mode);
  const schema = schemaPath(path, 'scenario', { root: project.root, own: PACKAGE });
  return {
    path,
    text: starterText(made, schema),
    what: `a scenario with the flows ${Object.keys(made.flows).join(', ')}`,
  };
}

/** A copy of a lab, as a file of the project. */
export function labFile(project: Project, name: string, { name: like, text, lab }: ChosenLab): NewFile {
  const path = join(project.folders.labs[0]!, `${name}.yaml`);
  const schema = schemaPath(path, 'lab', { root: project.root, own: PACKAGE });
  const nodes = Object.keys(lab.nodes).length;
  return {
    path,
    text: labCopy(text, like, schema),
    what: `a copy of lab ${like} with ${nodes} nodes`,
  };
}
