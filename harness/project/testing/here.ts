import { join } from 'node:path';
import type { LoadedScenario } from '../../scenario/resolve/plans.ts';
import { findProject } from '../project.ts';
import { findScenarios, loadScenario } from '../scenario-files.ts';

/** The project of the tests: this repository. */
export const here = await findProject({ from: process.cwd(), shipped: join(process.cwd(), 'labs') });

/** One of the repository's own scenarios. */
export const shippedScenario = (name: string): LoadedScenario => loadScenario(here, findScenarios(here, [name])[0]!);
