import { countVerdicts, streamText } from '../reports/content/cells.ts';
import { say } from '../reports/messages/catalogue.ts';
import { en } from '../reports/messages/en.ts';
import { seenOf } from '../reports/content/seen.ts';
import { wrap } from '../reports/content/wrap.ts';
import { plural } from '../reports/content/plural.ts';
import type { FlowResult } from '../harness/terms/results.ts';
import type { Forecast, OnEvent, RunEvent } from '../harness/run/events.ts';
import { roughly, timeLeft } from './time-left.ts';

/** Output of progress: a stream, or a substitute. */
export interface Output {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

const DEFAULT_COLUMNS = 80;
const ERASE_LINE = '\r\u001b[2K';

/**
 * Shows the progress of a run: a line for each failure immediately and for each scenario at its end; on a terminal also
 * a status line with running work and remaining time.
 * @param options `everyFlow`: also a line for each passed flow; `now`: ms since any epoch
 */
export function progress(
  out: Output,
  { everyFlow = false, now = () => performance.now() }: { everyFlow?: boolean; now?: () => number } = {},
): OnEvent {
  const live = out.isTTY === true;
  // A terminal without a size reports 0.
  const columns = (): number => out.columns || DEFAULT_COLUMNS;
  const doing = new Map<string, string>();
  /** By scenario; a repeated event of a flow replaces its verdict. */
  const flows = new Map<string, Map<string, FlowResult>>();
  let total = 0;
  let forecast: Forecast | undefined;
  /** By scenario, once it has begun; -Infinity once it has ended. */
  const beganAt = new Map<string, number>();
  return (event) => {
    if (event.event === 'started') ({ flows: total, forecast } = event);
    if (event.event === 'booting' && !beganAt.has(event.scenario)) beganAt.set(event.scenario, now());
    if (event.event === 'booting') doing.set(event.scenario, `boots ${plural(event.nodes, 'node')}`);
    if (event.event === 'booted') doing.set(event.scenario, 'runs');
    if (event.event === 'flow') {
      const reported = flows.get(event.scenario) ?? new Map<string, FlowResult>();
      flows.set(event.scenario, reported.set(`${event.variant} ${event.result.name}`, event.result));
      doing.set(event.scenario, `runs ${event.variant}`);
    }
    if (event.event === 'scenario') {
      doing.delete(event.scenario);
      beganAt.set(event.scenario, -Infinity);
    }
    const reported = event.event === 'started' ? undefined : flows.get(event.scenario);
    const line = lineOf(event, [...(reported?.values() ?? [])], everyFlow);
    if (line !== null) out.write(live ? ERASE_LINE + wrap(line, columns(), { hanging: 2 }) : `${line}\n`);
    if (!live) return;
    const all = [...flows.values()].flatMap((reported) => [...reported.values()]);
    const ranMs = new Map([...beganAt].map(([name, at]) => [name, now() - at]));
    const leftMs = forecast === undefined ? null : timeLeft(forecast, ranMs);
    out.write(`${ERASE_LINE}${status({ total, leftMs }, all, doing).slice(0, columns() - 1)}`);
  };
}

/** Permanent line for an event; null for status-only events. */
function lineOf(event: RunEvent, results: FlowResult[], everyFlow: boolean): string | null {
  if (event.event === 'started') return `${plural(event.flows, 'flow')} in ${plural(event.scenarios, 'scenario')}`;
  if (event.event === 'engine-lost')
    return `! the engine at ${event.engine} no longer answers: ${event.scenario} runs on another one`;
  if (event.event === 'not-run') return `! ${event.scenario} [${event.variant}] not run: ${say(en, event.reason)}`;
  if (event.event === 'flow' && event.result.verdict === 'fail') {
    return `✗ ${event.scenario} [${event.variant}] ${event.result.name}: ${event.result.reasons.map((reason) => say(en, reason)).join(' ')}`;
  }
  if (event.event === 'flow' && event.result.verdict === 'pass' && everyFlow) {
    const { outcomeGroups, cause, outcome } = seenOf(event.result);
    const went =
      streamText(event.result) ?? (outcomeGroups.length > 0 ? en.outcomeGroups(outcomeGroups) : (cause ?? outcome));
    return `✓ ${event.scenario} [${event.variant}] ${event.result.name}: ${went}`;
  }
  if (event.event !== 'scenario') return null;
  const { pass } = countVerdicts(results);
  const mark = pass === results.length ? '✓' : '✗';
  return `${mark} ${event.scenario}: ${pass} of ${results.length} passed (${(event.durationMs / 1000).toFixed(1)} s)`;
}

/** `[12/30] ✗ 2 · 40 s left · proxy-and-dsr/dsr runs no-loopback`; empty at the end. */
function status(
  { total, leftMs }: { total: number; leftMs: number | null },
  results: FlowResult[],
  doing: Map<string, string>,
): string {
  if (results.length === total && doing.size === 0) return '';
  const { fail } = countVerdicts(results);
  const parts = [
    `[${results.length}/${total}]${fail > 0 ? ` ✗ ${fail}` : ''}`,
    ...(leftMs === null ? [] : [`${roughly(leftMs)} left`]),
    ...[...doing].map(([name, what]) => `${name} ${what}`),
  ];
  return parts.join(' · ');
}
