import { CAUSES } from '../../harness/terms/cause.ts';
import { FINDINGS } from '../../harness/terms/finding.ts';
import { en } from '../messages/en.ts';

/** docs/causes.md: the output of `l4lab causes` as a page. */
export function causesDoc(): string {
  const causes = CAUSES.map((code) => {
    const { story, evidence, fix } = en.causes[code];
    return `## ${code}\n\n${story}\n\n- **Evidence**: ${evidence}\n- **Usual fix**: ${fix}\n`;
  });
  const findings = FINDINGS.map((code) => `- **${code}**: ${en.findings[code]}`);
  return [HEAD, ...causes, `## Findings\n\nUnusual ways in which a flow works.\n\n${findings.join('\n')}\n`].join('\n');
}

const HEAD = `# Causes

Why a flow failed: an expected failure names one of these (\`cause:\`), and a verdict names the one that was observed.
\`npx l4lab causes NAME\` prints the same. Generated from the messages by \`npm run docs:results\`.
`;
