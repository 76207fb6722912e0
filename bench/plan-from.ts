import { plansOf } from '../harness/scenario/resolve/plans.ts';
import { readLab, readScenario } from '../harness/scenario/read/read.ts';
import { parseYaml } from '../harness/scenario/yaml-file.ts';
import type { Plan } from '../harness/terms/plan.ts';

/** The plan of a lab and a scenario with the fields of their YAML files; titles are added. @throws InputError */
export function planFrom(lab: object, scenario: object): Plan {
  // JSON is YAML.
  const read = (name: string, content: object) =>
    parseYaml(`${name}.yaml`, JSON.stringify({ title: 'bench', ...content }));
  const yaml = read('scenario', { lab: 'bench', ...scenario });
  const loaded = { scenario: readScenario('bench', 'bench', readLab(read('lab', lab)), yaml), yaml };
  return plansOf(loaded, { variants: [], flows: [] })[0]!.plan;
}
