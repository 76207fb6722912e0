import { schemaFiles as schemasOfYaml } from '../scenario/json-schema.ts';
import { configJsonSchema } from './config.ts';

/** All files generated from the schemas of labs, scenarios and configuration: text by path. */
export function schemaFiles(): Record<string, string> {
  return { ...schemasOfYaml(), 'schema/config.schema.json': `${JSON.stringify(configJsonSchema(), null, 2)}\n` };
}
