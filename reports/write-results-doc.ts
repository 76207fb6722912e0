import { writeFileSync } from 'node:fs';
import { contractSources } from './testing/contract-sources.ts';
import { resultsDoc } from './testing/results-doc.ts';
import { resultsSchema } from './testing/results-schema.ts';

writeFileSync('docs/results.md', await resultsDoc(contractSources()));
writeFileSync('schema/results.schema.json', resultsSchema());
