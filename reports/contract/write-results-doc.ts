import { writeFileSync } from 'node:fs';
import { causesDoc } from './causes-doc.ts';
import { contractSources } from './contract-sources.ts';
import { resultsDoc } from './results-doc.ts';
import { resultsSchema } from './results-schema.ts';

writeFileSync('docs/causes.md', causesDoc());
writeFileSync('docs/results.md', await resultsDoc(contractSources()));
writeFileSync('schema/results.schema.json', resultsSchema());
