import { writeFileSync } from 'node:fs';
import { contractSources } from './testing/contract-sources.ts';
import { resultsDoc } from './testing/results-doc.ts';

writeFileSync('docs/results.md', await resultsDoc(contractSources()));
