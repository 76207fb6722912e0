import { findEngine } from '../fabric/engine.ts';
import { OWNER_LABEL, ownerLabel } from '../fabric/labels.ts';
import { builtImage } from '../fabric/testing/built-image.ts';
import { NOTHING, remnants, type Remnants } from '../fabric/testing/remnants.ts';
import { shippedScenario } from '../project/testing/here.ts';
import { run } from './run.ts';

/** A loaded machine boots labs slowly. */
const DEADLINE_MS = 240_000;

test(
  'results are complete before labs are removed, and nothing is left at the end',
  async () => {
    const engine = await findEngine();
    const left = (): Promise<Remnants> => remnants(engine.docker, OWNER_LABEL, ownerLabel());
    const loaded = shippedScenario('failures/refused');
    const seen: Remnants[] = [];
    const { scenarios } = await run([loaded], {
      engine,
      image: builtImage(),
      version: '0',
      selection: { variants: [], flows: [] },
      concurrency: 2,
      onEvent: () => undefined,
      onResults: async ({ scenarios }) => {
        expect(scenarios).toHaveLength(1);
        seen.push(await left());
      },
    });
    const nodes = scenarios[0]!.variants[0]!.plan.nodes.length;
    expect(seen).toMatchObject([{ containers: nodes, running: nodes }]);
    expect(await left()).toEqual(NOTHING);
  },
  DEADLINE_MS,
);
