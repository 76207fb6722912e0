import type { Project } from '../harness/project/project.ts';
import { mergeResults } from '../reports/merge.ts';
import { readResults } from '../reports/read-results.ts';
import { checkShards } from '../reports/shards.ts';
import type { CommandLine } from './shared/command-line.ts';
import { publish, reportFolder } from './shared/publish.ts';

export function registerMerge({ program, inProject }: CommandLine): void {
  program
    .command('merge <dirs...>')
    .description('merge the results of several runs (shards) into one report')
    .option('--report <dir>', 'write the report to this folder (default: reports/latest of the project)')
    .action((dirs: string[], options: { report?: string }) =>
      inProject((project) => mergeCommand(project, dirs, options)),
    );
}

/** `l4lab merge`: merges results of several machines into one report. */
async function mergeCommand(project: Project, dirs: string[], { report }: { report?: string }): Promise<number> {
  const dir = await reportFolder(project, report);
  const parts = await Promise.all(dirs.map(async (from) => ({ from, results: await readResults(from) })));
  checkShards(parts);
  return publish(mergeResults(parts.map(({ results }) => results)), dir, {
    root: project.root,
    json: false,
    quiet: false,
  });
}
