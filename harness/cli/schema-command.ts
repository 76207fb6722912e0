import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT } from '../errors.ts';
import { jsonSchemas } from '../scenario/json-schema.ts';

/** `l4lab schema`: writes the JSON Schemas of labs and scenarios anew. */
export function schemaCommand(root: string): Promise<number> {
  for (const [path, text] of Object.entries(jsonSchemas())) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return Promise.resolve(EXIT.ok);
}
