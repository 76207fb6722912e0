import { noSuch } from '../did-you-mean.ts';
import type * as z from 'zod';
import { mergePatch } from './merge-patch.ts';
import { plainIssues } from '../../lb/terms/messages.ts';
import { messageFor } from './messages.ts';
import type { Problem } from './problem.ts';
import { withProfiles } from './profile-settings.ts';
import { valueAt } from './partial-validation.ts';
import { changeable, type ScenarioFile } from './schema.ts';
import type { Path } from './yaml-file.ts';

type Step = ScenarioFile['steps'][string];
export type Action = Step['do'][number];
type Pool = ScenarioFile['services'][string]['pool'];

/** A scenario after each of its steps, and problems of the changes. */
export interface SteppedScenario {
  /** By step, in order. */
  after: { step: string; scenario: ScenarioFile }[];
  problems: Problem[];
}

/** Applies the changes of steps in order; omits changes that cannot be applied. */
export function stepped(scenario: ScenarioFile): SteppedScenario {
  const problems: Problem[] = [];
  const after: SteppedScenario['after'] = [];
  let current = scenario;
  for (const [name, step] of Object.entries(scenario.steps)) {
    for (const [index, action] of step.do.entries()) {
      const changed = changedBy(action, current, actionPath(scenario, name, index));
      if ('problems' in changed) problems.push(...changed.problems);
      else current = changed.scenario;
    }
    after.push({ step: name, scenario: current });
  }
  return { after, problems };
}

/** Path of an action: a single one needs no list. */
export function actionPath(scenario: ScenarioFile, step: string, index: number): Path {
  return ['steps', step, 'do', ...(scenario.steps[step]!.do.length === 1 ? [] : [index])];
}

/** Whether an action changes the scenario. */
export function isChange(action: Action): boolean {
  return CHANGES.some((name) => action[name] !== undefined);
}

const CHANGES = ['change', 'drain', 'undrain', 'weight', 'addServer', 'removeServer'] as const;

type Changed = { scenario: ScenarioFile } | { problems: Problem[] };

function changedBy(action: Action, scenario: ScenarioFile, path: Path): Changed {
  if (action.change !== undefined) return patched(action.change, scenario, [...path, 'change']);
  const { drain, undrain, weight, addServer, removeServer } = action;
  const of = drain ?? undrain ?? weight ?? addServer ?? removeServer;
  if (of === undefined) return { scenario };
  const name = CHANGES.find((key) => action[key] !== undefined)!;
  const named = Object.entries(scenario.services).filter(([service]) => (of.service ?? service) === service);
  const has = (pool: Pool): boolean => pool.some(({ node }) => node === of.server);
  const meant = named.filter(([, { pool }]) => has(pool) !== (addServer !== undefined));
  const at = [...path, name];
  if (of.service !== undefined && named.length === 0) {
    const message = noSuch('service', of.service, Object.keys(scenario.services));
    return { problems: [{ path: [...at, 'service'], message }] };
  }
  if (meant.length === 0) {
    const message = addServer
      ? `${of.server} is already in the pool`
      : `${of.server} is in no pool${of.service === undefined ? '' : ` of ${of.service}`} at this step`;
    return { problems: [{ path: [...at, 'server'], message }] };
  }
  const edit = (pool: Pool): Pool => {
    if (addServer) return [...pool, { node: of.server }];
    if (removeServer) return pool.filter(({ node }) => node !== of.server);
    const set = weight ? { weight: weight.weight } : { drain: drain !== undefined };
    return pool.map((server) => (server.node === of.server ? { ...server, ...set } : server));
  };
  const services = Object.fromEntries(meant.map(([service, body]) => [service, { ...body, pool: edit(body.pool) }]));
  const emptied = Object.entries(services).find(([, { pool }]) => pool.length === 0);
  if (emptied) return { problems: [{ path: at, message: `leaves the pool of ${emptied[0]} empty` }] };
  return { scenario: { ...scenario, services: { ...scenario.services, ...services } } };
}

function patched(change: Record<string, unknown>, scenario: ScenarioFile, path: Path): Changed {
  const { servers, nodes } = scenario;
  const services = { ...scenario.services, ...scenario.routeServices };
  const another = Object.entries((change['services'] ?? {}) as Record<string, unknown>).filter(
    ([, service]) => valueAt(service, ['like']) !== undefined,
  );
  if (another.length > 0) {
    const message = 'cannot be changed in a step: only a variant can change the product';
    return { problems: another.map(([name]) => ({ path: [...path, 'services', name, 'like'], message })) };
  }
  // If a service gets a check, its profile's check settings apply too.
  const changed = withProfiles(mergePatch({ servers, nodes, services }, change));
  const result = changeable.safeParse(changed, { error: messageFor });
  if (result.success) return { scenario: { ...scenario, ...result.data } };
  return { problems: plainIssues(result.error.issues).map((issue) => problemOf(issue, path)) };
}

function problemOf(issue: z.core.$ZodIssue, path: Path): Problem {
  const steps = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  return { path: [...path, ...steps], message: issue.message };
}
