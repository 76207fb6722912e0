/** The public API: `import { loadProject, run } from 'l4lab'`. */
export { defineConfig, type Config } from '../harness/project/config.ts';
export { loadProject, type LoadedProject } from './load-project.ts';
export { predict, type PredictedFlow } from './predict.ts';
export { run, type RunOptions } from './run.ts';
export { writeReport } from './write-report.ts';
export { bootLab, type BootedLab, type CommandResult, type FlowInput } from './lab.ts';
export type { Choice, Scenario } from './scenario.ts';
export { L4labError, type ErrorCode } from '../harness/errors.ts';
export type { RunEvent } from '../harness/run/events.ts';
export type { Attempt } from '../harness/terms/attempt.ts';
export type { FlowResult, Results, ScenarioResult, VariantResult } from '../harness/terms/results.ts';
export type { Prediction } from '../harness/terms/walk.ts';
