import { stringify } from 'yaml';
import type { LoadedScenario } from '../../harness/scenario/resolve/plans.ts';
import { readLab, readScenario } from '../../harness/scenario/read/read.ts';
import { parseYaml } from '../../harness/scenario/yaml-file.ts';
import type { Generated } from './generated.ts';

/** A generated scenario as if it had been read from files. @throws InputError when it is not a valid one */
export function load(name: string, { lab, scenario }: Generated): LoadedScenario {
  const labFile = readLab(parseYaml(`${scenario.lab}.yaml`, stringify(lab)));
  const yaml = parseYaml(`${name}.yaml`, stringify(scenario));
  return { scenario: readScenario(name, scenario.lab, labFile, yaml), yaml };
}
