import { appendFile } from 'node:fs/promises';
import type { Results } from '../harness/terms/results.ts';
import { cellsOf, explanations, streamText } from './content/cells.ts';
import { say } from './messages/catalogue.ts';
import { en } from './messages/en.ts';
import { summaryMarkdown } from './summary-markdown.ts';

/** GitHub shows this many error annotations per step and drops the rest. */
const MOST_ANNOTATIONS = 10;

/** Workflow commands that mark every failure at its line of YAML; see GitHub's "Workflow commands". */
export function githubAnnotations(results: Results): string[] {
  const failed = cellsOf(results).filter(({ flow }) => flow.verdict !== 'pass');
  const shown = failed.slice(0, failed.length > MOST_ANNOTATIONS ? MOST_ANNOTATIONS - 1 : MOST_ANNOTATIONS);
  const lines = shown.map(({ scenario, variant, flow }) => {
    const title = `${scenario.name} › ${variant.name} › ${flow.name}: ${flow.verdict === 'fail' ? (flow.cause?.code ?? 'not as expected') : 'not run'}`;
    const seen = streamText(flow);
    const message = [
      `${flow.from} → ${flow.to}`,
      ...(seen === null ? [] : [`${seen}.`]),
      ...explanations(flow).map((message) => say(en, message)),
      `Again: ${flow.rerun}`,
    ].join('\n');
    const { file, line, col } = flow.at;
    return `::error file=${property(file)},line=${line},col=${col},title=${property(title)}::${data(message)}`;
  });
  if (shown.length === failed.length) return lines;
  return [...lines, `::error title=l4lab::${failed.length - shown.length} more flows failed; see the job summary.`];
}

/**
 * Inside a GitHub Actions job: prints annotations and appends the markdown to the job summary.
 * Elsewhere it does nothing. `print` gets whole lines.
 */
export async function reportToGithub(
  results: Results,
  env: Record<string, string | undefined>,
  print: (line: string) => void,
): Promise<void> {
  if (env.GITHUB_ACTIONS !== 'true') return;
  githubAnnotations(results).forEach(print);
  if (env.GITHUB_STEP_SUMMARY) await appendFile(env.GITHUB_STEP_SUMMARY, summaryMarkdown(results));
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
