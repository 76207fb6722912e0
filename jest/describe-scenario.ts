import { say } from '../reports/messages/catalogue.ts';
import { en } from '../reports/messages/en.ts';
import { walkText } from '../reports/content/walk-text.ts';
import { loadProject } from '../api/load-project.ts';
import { labImage, version } from '../api/package.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { reaperLabels } from '../harness/fabric/reaper.ts';
import type { FlowResult, ScenarioResult } from '../harness/terms/results.ts';
import { run } from '../harness/run/run.ts';
import { plansOf } from '../harness/scenario/plans.ts';
import { loadScenario } from '../harness/project/scenario-files.ts';
import { Parts, PARTS_FOLDER } from './parts.ts';

const EVERYTHING = { variants: [], flows: [] };
const SCENARIO_DEADLINE_MS = 300_000;

const project = await loadProject();

/** A scenario as jest tests: one `describe` per scenario and variant, one test per flow. */
export function describeScenario(file: string): void {
  const loaded = loadScenario(project, file);
  describe(loaded.scenario.name, () => {
    let result: ScenarioResult | undefined;
    beforeAll(async () => {
      const engine = await findEngine();
      const results = await run([loaded], {
        engine,
        image: labImage(),
        version: version(),
        labels: await reaperLabels(engine.docker),
        selection: EVERYTHING,
        concurrency: 1,
        onEvent: () => undefined,
      });
      const folder = process.env[PARTS_FOLDER];
      if (folder !== undefined) new Parts(folder).write(loaded.scenario.name, results);
      result = results.scenarios[0];
    }, SCENARIO_DEADLINE_MS);
    for (const { variant, plan } of plansOf(loaded, EVERYTHING)) {
      describe(variant.name, () => {
        for (const { name } of plan.flows) {
          test(name, () => {
            const flow = result?.variants.find((v) => v.name === variant.name)?.flows.find((f) => f.name === name);
            if (flow?.verdict !== 'pass') throw new Failure(flow);
          });
        }
      });
    }
  });
}

/** The verdict as the reader of a test log wants it: no stack, but the walk. */
class Failure extends Error {
  constructor(flow: FlowResult | undefined) {
    super(
      flow
        ? [
            ...flow.reasons.map((reason) => say(en, reason)),
            ...flow.attempts.slice(0, 1).map(({ observed }) => walkText(observed)),
            flow.rerun,
          ].join('\n')
        : 'the scenario did not run',
    );
    this.stack = this.message;
  }
}
