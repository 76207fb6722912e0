import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT } from '../harness/errors.ts';
import { schemaFiles } from '../harness/scenario/json-schema.ts';

/** `l4lab schema`: writes anew what is made from the schemas of labs and scenarios. */
export function schemaCommand(root: string): Promise<number> {
  for (const [path, text] of Object.entries(schemaFiles())) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return Promise.resolve(EXIT.ok);
}
