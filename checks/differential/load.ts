import { stringify } from 'yaml';
import type { LoadedScenario } from '../../harness/scenario/resolve/plans.ts';
import { readLab, readScenario } from '../../harness/scenario/read/read.ts';
import { parseYaml } from '../../harness/scenario/yaml-file.ts';
import type { Generated } from './generated.ts';

/** Loads a generated scenario as if it were read from files. @throws InputError if it is invalid */
export function load(name: string, { lab, scenario }: Generated): LoadedScenario {
  const labFile = readLab(parseYaml(`${scenario.lab}.yaml`, stringify(lab)));
  const yaml = parseYaml(`${name}.yaml`, stringify(scenario));
  return { scenario: readScenario(name, scenario.lab, labFile, yaml), yaml };
}
