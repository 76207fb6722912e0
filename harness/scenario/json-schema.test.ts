import { readFileSync } from 'node:fs';
import { jsonSchemas } from './json-schema.ts';

test.each(Object.entries(jsonSchemas()))('%s is what the reader accepts (mend with: npm run schema)', (path, text) => {
  expect(readFileSync(path, 'utf8')).toBe(text);
});
