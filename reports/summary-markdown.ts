import type { Results, ScenarioResult } from '../harness/terms/results.ts';
import {
  type CellInContext,
  cellsOf,
  countVerdicts,
  failuresByCause,
  headline,
  remedy,
  streamText,
} from './content/cells.ts';
import { say } from './messages/catalogue.ts';
import { en } from './messages/en.ts';
import { seenOf } from './content/seen.ts';
import { plural } from './content/plural.ts';
import { escapeMarkdown, escapeXml } from './escape.ts';

/** GitHub truncates a job summary at 1 MiB; the rest is left for output of the user's own step. */
const DEFAULT_LIMIT_BYTES = 1_000_000;

/** The run as GitHub-flavoured markdown: totals, failures by cause, a matrix per scenario. Sections are never cut. */
export function summaryMarkdown(results: Results, limitBytes = DEFAULT_LIMIT_BYTES): string {
  const cells = cellsOf(results);
  const count = countVerdicts(cells.map(({ flow }) => flow));
  const head = [
    `## l4lab: ${count.fail ? `❌ ${count.fail} failed, ` : ''}${count['not-run'] ? `⚠️ ${count['not-run']} not run, ` : ''}✅ ${count.pass} passed`,
    '',
    `${plural(cells.length, 'flow')} in ${plural(results.scenarios.length, 'scenario')}, ${(results.durationMs / 1000).toFixed(1)} s on ${escapeMarkdown(results.environment.engine)}, kernel ${escapeMarkdown(results.environment.kernel)}.${results.interrupted ? ' The run was interrupted: this is what had finished.' : ''}`,
    '',
  ].join('\n');
  const failures = [...failuresByCause(cells)].map(([cause, group]) => failureSection(cause, group, results));
  const matrices = results.scenarios.map(matrixSection);
  return withinLimit([head, ...failures, ...matrices], limitBytes);
}

function failureSection(cause: string, group: CellInContext[], results: Results): string {
  const lines = group.map(({ scenario, variant, flow }) => {
    const where = `${scenario.name} › ${variant.name} › ${flow.name}`;
    const message = headline(flow);
    const help = remedy(flow, results);
    const seen = streamText(flow);
    const why = [
      seen === null ? '' : `${seen}.`,
      message ? say(en, message) : '',
      help ? `${help[0]!.toUpperCase()}${help.slice(1)}` : '',
    ]
      .join(' ')
      .trim();
    return `- **${escapeMarkdown(`${flow.from} → ${flow.to}`)}**: ${escapeMarkdown(why)}<br>${escapeMarkdown(where)}, ${escapeMarkdown(`${flow.at.file}:${flow.at.line}`)}`;
  });
  return `### ${escapeMarkdown(cause)} (${group.length})\n\n${lines.join('\n')}\n\n`;
}

function matrixSection(scenario: ScenarioResult): string {
  const columns = scenario.variants.map(({ title }) => escapeMarkdown(title));
  const rows = scenario.flows.map(({ name }) => {
    const cells = scenario.variants.map((variant) => {
      const flow = variant.flows.find((f) => f.name === name);
      if (!flow) return '';
      const mark = { pass: '✅', fail: '❌', 'not-run': '⚠️' }[flow.verdict];
      const { outcome, cause, findings, outcomeGroups } = seenOf(flow);
      const went =
        streamText(flow) ??
        (outcomeGroups.length > 0 ? en.outcomeGroups(outcomeGroups) : (cause ?? findings[0] ?? outcome ?? 'not run'));
      return `${mark} ${escapeMarkdown(went)}`;
    });
    return `| ${[escapeMarkdown(name), ...cells].join(' | ')} |`;
  });
  return [
    `<details><summary>${escapeXml(scenario.title)}</summary>`,
    '',
    `| flow | ${columns.join(' | ')} |`,
    `|---|${'---|'.repeat(columns.length)}`,
    ...rows,
    '',
    '</details>',
    '',
    '',
  ].join('\n');
}

function withinLimit(sections: string[], limitBytes: number): string {
  const note = '\nThe rest is in the HTML report.\n';
  const size = (text: string) => new TextEncoder().encode(text).length;
  let text = '';
  let used = size(note);
  for (const section of sections) {
    used += size(section);
    if (used > limitBytes) return text + note;
    text += section;
  }
  return text;
}
