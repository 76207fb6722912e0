import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { Results, ScenarioResult } from '../harness/terms/results.ts';
import { cellsOf, countVerdicts } from './content/cells.ts';
import { escapeXml } from './escape.ts';
import { toPageIndex } from './content/page-index.ts';
import { packScenario } from './pack-details.ts';
import type { Yaml } from './content/page-details.ts';

/** Client code of the page, as esbuild bundled it. */
export interface PageBundle {
  js: string;
  css: string;
  /**
   * Identifies this report, for a page that reloads itself when another report takes its place: see
   * page/follow.ts. Without it, the page does not reload.
   */
  stamp?: string;
}

/**
 * The report as one self-contained HTML file. Data is deflated and in base64: an index, which is
 * read at once, and one chunk per scenario, which is read when one of its flows is opened.
 * `sources` contains the text of scenario files by path; the page quotes lines from it.
 */
export function pageHtml(results: Results, bundle: PageBundle, sources: Record<string, string> = {}): string {
  const count = countVerdicts(cellsOf(results).map(({ flow }) => flow));
  const totals = `${count.fail} failed, ${count['not-run']} not run, ${count.pass} passed`;
  // `</` in a script or style is escaped, so that content cannot close these tags.
  const js = bundle.js.replaceAll(/<\/(?=script)/gi, '\\x3c/');
  const css = bundle.css.replaceAll(/<\/(?=style)/gi, '\\3c /');
  const hash = createHash('sha256').update(js).digest('base64');
  // Scripts added by the page's own script may run too: a page at file:// can load the stamp only in this way.
  const scripts = `'sha256-${hash}'${bundle.stamp === undefined ? '' : " 'strict-dynamic'"}`;
  const chunks = results.scenarios.map((scenario, s) => chunk(`scenario-${s}`, detailsOf(scenario, sources)));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ${scripts}; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">${stampTag(bundle.stamp)}
<title>l4lab: ${escapeXml(totals)}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(icon(count.fail + count['not-run'] > 0))}">
<style>${css}</style>
</head>
<body>
<div id="app"><noscript>${escapeXml(totals)}. This report needs JavaScript; results.json and summary.md beside it do not.</noscript></div>
${chunk('index', deflated(toPageIndex(results)))}
${chunks.join('\n')}
<script>${js}</script>
</body>
</html>
`;
}

function stampTag(stamp: string | undefined): string {
  return stamp === undefined ? '' : `\n<meta name="stamp" content="${escapeXml(stamp)}">`;
}

/** The stamp as a script, which a page at file:// can reload; null stops reloading. */
export function stampScript(stamp: string | null): string {
  return `l4labReport(${JSON.stringify(stamp)});\n`;
}

/** Cache of packed details: a report that is rewritten often has few new ones each time. */
const made = new WeakMap<ScenarioResult, { yaml: string; data: string }>();

function detailsOf(scenario: ScenarioResult, sources: Record<string, string>): string {
  const lines = scenario.flows.map(({ name, at }) => [name, excerpt(sources[at.file], at.line)] as const);
  const yaml = JSON.stringify(lines);
  const former = made.get(scenario);
  if (former?.yaml === yaml) return former.data;
  const data = deflated(packScenario(scenario, Object.fromEntries(lines)));
  made.set(scenario, { yaml, data });
  return data;
}

function deflated(value: object): string {
  return deflateRawSync(JSON.stringify(value), { level: 9 }).toString('base64');
}

function chunk(id: string, data: string): string {
  return `<script type="text/plain" id="${id}">${data}</script>`;
}

/** The lines that declare a flow, at most twelve. */
function excerpt(text: string | undefined, line: number): Yaml[string] {
  const lines = text?.split('\n').slice(line - 1, line + 11) ?? [];
  const indent = lines[0]?.search(/\S/) ?? 0;
  const end = lines.findIndex((l, i) => i > 0 && l.trim() !== '' && l.search(/\S/) <= indent);
  return { firstLine: line, lines: end === -1 ? lines : lines.slice(0, end) };
}

function icon(bad: boolean): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="${bad ? '#c62828' : '#2e7d32'}"/><path d="${bad ? 'M4 4l8 8M12 4l-8 8' : 'M3.5 8.5l3 3 6-7'}" stroke="#fff" stroke-width="2" fill="none"/></svg>`;
}
