import { writeFileSync } from 'node:fs';
import { contractSources } from './contract-sources.ts';
import { resultsDoc } from './results-doc.ts';
import { resultsSchema } from './results-schema.ts';

writeFileSync('docs/results.md', await resultsDoc(contractSources()));
writeFileSync('schema/results.schema.json', resultsSchema());
