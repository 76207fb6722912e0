import { readFileSync } from 'node:fs';
import { schemaFiles } from './schema-files.ts';

test.each(Object.entries(schemaFiles()))('%s is what the reader accepts (mend with: npm run schema)', (path, text) => {
  expect(readFileSync(path, 'utf8')).toBe(text);
});
