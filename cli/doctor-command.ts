import type { Project } from '../harness/project/project.ts';
import { EXIT } from '../harness/errors.ts';
import { findingsOf } from './doctor/findings.ts';
import { readFacts } from './doctor/read-facts.ts';
import { doctorText } from './doctor/text.ts';
import { labImage, version } from '../api/package.ts';
import type { CommandLine } from './shared/command-line.ts';

export function registerDoctor({ program, inProject }: CommandLine): void {
  program
    .command('doctor')
    .description('check engine, kernel, firewall and other requirements, and show how to fix problems')
    .option('--json', 'print JSON, for example for a bug report', false)
    .action((options: { json: boolean }) => inProject((project) => doctorCommand(project, options)));
}

/**
 * `l4lab doctor`: checks everything that labs need of this machine and its engine, and prints how to fix problems.
 * @returns 3 if labs cannot run
 */
async function doctorCommand(project: Project, { json }: { json: boolean }): Promise<number> {
  const facts = await readFacts(project, labImage());
  const findings = findingsOf(facts);
  process.stdout.write(
    json
      ? `${JSON.stringify({ version: 1, l4lab: version(), findings, facts }, null, 2)}\n`
      : doctorText(findings, { color: process.stdout.isTTY && !process.env['NO_COLOR'] }),
  );
  return findings.some(({ level }) => level === 'fail') ? EXIT.unavailable : EXIT.ok;
}
