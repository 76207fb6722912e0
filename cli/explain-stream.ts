import { stringify } from 'yaml';
import { readyEngine } from '../api/engine.ts';
import { EXIT } from '../harness/errors.ts';
import { predictedCells, predictTimeline } from '../harness/model/time/timeline.ts';
import { changedVariant, fixesInSteps } from '../harness/model/fixes/what-if.ts';
import type { Project } from '../harness/project/project.ts';
import { LabPool } from '../harness/run/lab-pool.ts';
import { runInPool } from '../harness/run/variant.ts';
import { resolvePlan } from '../harness/scenario/resolve/resolve.ts';
import type { CauseCode } from '../harness/terms/cause.ts';
import type { Plan } from '../harness/terms/plan.ts';
import type { FlowResult } from '../harness/terms/results.ts';
import type { StreamPrediction } from '../harness/terms/stream-prediction.ts';
import type { StreamSummary } from '../harness/terms/timeline-results.ts';
import { stepsText } from '../reports/content/steps-text.ts';
import { wrap } from '../reports/content/wrap.ts';
import { fixesText } from '../reports/messages/catalogue.ts';
import { en } from '../reports/messages/en.ts';
import type { One } from './find-one.ts';
import { indent } from './indent.ts';
import { profileLine } from './profile-line.ts';
import { lineWidth } from './shared/terminal.ts';

/** A stream in a step: its course over time, causes, and fixes. */
export async function explainStream(
  project: Project,
  one: One & { cell: string },
  { prove: isProven, say }: { prove: boolean; say: (text: string) => void },
  signal: AbortSignal,
): Promise<number> {
  const { plan, cell } = one;
  const width = lineWidth();
  say(wrap(`${plan.scenario} [${plan.variant}]`, width).trimEnd());
  const { services, streams } = one.variant.scenario;
  const profile = profileLine(services[streams[cell.slice(cell.indexOf('.') + 1)]?.to ?? '']);
  if (profile !== null) say(wrap(profile, width).trimEnd());
  say(stepsText(plan, predictTimeline(plan), { width, isWanted: (name) => name === cell }));
  const { predicted } = predictedCells(plan).find(({ name }) => name === cell)!;
  for (const code of causesOf(predicted)) {
    const { story, fix } = en.causes[code];
    say(
      wrap(code, width) +
        wrap(story, width, { indent: '  ' }) +
        wrap(`Usual fix: ${fix}`, width, { indent: '  ' }).trimEnd(),
    );
  }
  const helps = fixesInSteps(one)(cell);
  if (!isProven) {
    for (const { fixes, change } of helps)
      say(`${wrap(`Possible fix: ${fixesText(en, fixes)}`, width)}${indent(change)}`);
    return EXIT.ok;
  }
  const { engine, image, labels } = await readyEngine(project);
  await using pool = new LabPool({ engine, image, labels, signal });
  const tryStream = async (tried: One['variant'], triedPlan: Plan): Promise<FlowResult | undefined> => {
    signal.throwIfAborted();
    return (await runInPool(tried, { ...triedPlan, flows: [] }, pool)).find(({ name }) => name === cell);
  };
  const seen = await tryStream(one.variant, plan);
  if (!seen || seen.verdict === 'not-run' || !seen.stream) {
    say('Seen: not run');
    return EXIT.unavailable;
  }
  say(wrap(`Seen: ${en.timeline.seen(seen.stream.summary)}`, width).trimEnd());
  if (seen.disagreement) say(en.noFixFromDisagreement);
  let wrong = 0;
  for (const { fixes, patch } of seen.disagreement ? [] : helps) {
    const changed = changedVariant(one.loaded, one.variant, patch)!;
    const summary = (await tryStream(changed, resolvePlan(one.loaded.scenario, changed)))?.stream?.summary;
    const proven = summary !== undefined && isFixed(summary);
    wrong += Number(!proven);
    const what = summary === undefined ? 'not run' : en.timeline.seen(summary);
    say(`${wrap(`${proven ? '✓' : '✗'} ${what} with: ${fixesText(en, fixes)}`, width)}${indent(stringify(patch))}`);
  }
  return wrong === 0 ? EXIT.ok : EXIT.failed;
}

/** Whether calls finally worked and no connection was lost. */
function isFixed({ outage, connections }: StreamSummary): boolean {
  return outage?.toMs !== null && (connections === undefined || connections.reset + connections.stalled === 0);
}

function causesOf({ settled, outage, connections }: StreamPrediction): CauseCode[] {
  const places = [
    ...(settled ?? []).flatMap(({ cause }) => cause ?? []),
    ...(outage?.causes ?? []),
    ...(connections?.cause ? [connections.cause] : []),
  ];
  return [...new Set(places.map(({ code }) => code))];
}
