import { keptDown } from '../down-links.ts';
import { linkNamed } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import type { Lab, ScenarioFile } from '../schema.ts';
import { actionPath, type SteppedScenario } from '../step-changes.ts';
import type { Path } from '../yaml-file.ts';
import { OF_L4 } from './check-action.ts';

/** Actions that require an earlier one. */
const NEEDS = [
  { does: 'kill', undoes: 'start', done: 'is already powered off', undone: 'is not powered off: use `kill` first' },
  { does: 'pause', undoes: 'resume', done: 'is already paused', undone: 'is not paused: use `pause` first' },
  {
    does: 'stopListeners',
    undoes: 'startListeners',
    done: 'has already stopped listening',
    undone: 'is already listening',
  },
  { does: 'failChecks', undoes: 'passChecks', done: 'already fails its checks', undone: 'already passes its checks' },
] as const;

/** Actions on a load balancer, whether it must run for them (null: either), and whether it does afterwards. */
const BALANCER = {
  killLb: { needs: true, leaves: false },
  stopLb: { needs: true, leaves: false },
  startLb: { needs: false, leaves: true },
  restartLb: { needs: null, leaves: true },
  reloadLb: { needs: true, leaves: true },
} as const;

/** Actions without effect because of earlier actions or the current scenario. */
export function orderProblems(scenario: ScenarioFile, lab: Lab, after: SteppedScenario['after']): Problem[] {
  const problems: Problem[] = [];
  const states = new Map<string, boolean>();
  const ended = new Set<string>();
  const report = (path: Path, message: string): void => void problems.push({ path, message, dependsOn: [['steps']] });
  const steps = Object.entries(scenario.steps);
  for (const [number, [name, step]] of steps.entries()) {
    for (const [index, action] of step.do.entries()) {
      const path = actionPath(scenario, name, index);
      const later = [...step.do.slice(index + 1), ...steps.slice(number + 1).flatMap(([, one]) => one.do)];
      for (const { does, undoes, done, undone } of NEEDS) {
        const isDone = (node: string): boolean => states.get(`${does} ${node}`) ?? false;
        for (const node of action[does] ?? []) {
          if (isDone(node)) report([...path, does], `${node} ${done}`);
          states.set(`${does} ${node}`, true);
        }
        for (const node of action[undoes] ?? []) {
          if (!isDone(node)) report([...path, undoes], `${node} ${undone}`);
          states.set(`${does} ${node}`, false);
        }
      }
      const dead = OF_NODE.flatMap((kind) =>
        (action[kind] ?? []).filter((node) => states.get(`kill ${node}`)).map((node) => ({ kind, node })),
      );
      for (const { kind, node } of dead) report([...path, kind], `${node} is powered off`);
      for (const node of action.start ?? []) ended.delete(node);
      for (const kind of OF_L4) {
        const { needs, leaves } = BALANCER[kind];
        for (const node of action[kind] ?? []) {
          if (needs === ended.has(node) && !states.get(`kill ${node}`))
            report(
              [...path, kind],
              `the load balancer of ${node} ${needs ? 'is not running: use `startLb` first' : 'is already running'}`,
            );
          if (leaves) ended.delete(node);
          else ended.add(node);
        }
      }
      for (const kind of ['linkDown', 'linkUp', 'flap'] as const) {
        const declared = kind === 'flap' ? action.flap?.link : action[kind];
        const link = declared === undefined ? null : linkNamed(lab, declared);
        if (link === null) continue;
        const key = `link ${[...[...link.nodes].sort(), link.number].join(' ')}`;
        const isCut = states.get(key) ?? false;
        const held = keptDown(after[number]!.scenario, lab, link);
        const dead = link.nodes.find((node) => states.get(`kill ${node}`));
        if (held !== null)
          report(
            [...path, kind],
            kind === 'linkUp'
              ? `the link is down because of ${held.by}, which \`linkUp\` does not change: write ${held.release}`
              : `the link is already down because of ${held.by}`,
          );
        else if (dead !== undefined && !later.some(({ start }) => start?.includes(dead)))
          report([...path, kind], `${dead} is powered off, so its links are down`);
        else if (kind !== 'flap' && isCut === (kind === 'linkDown'))
          report([...path, kind], `the link is already ${isCut ? 'down' : 'up'}`);
        if (kind !== 'flap' && held === null) states.set(key, kind === 'linkDown');
      }
    }
    const master = step.until?.master;
    for (const { does, done } of STANDSTILLS) {
      if (master !== undefined && states.get(`${does} ${master}`))
        report(['steps', name, 'until', 'master'], `${master} ${done}, so it cannot become master`);
    }
  }
  return problems;
}

/** Situations in which no node reports that it is master. */
const STANDSTILLS = [
  { does: 'kill', done: 'is powered off' },
  { does: 'pause', done: 'is paused' },
] as const;

const OF_NODE = ['pause', ...OF_L4, 'stopListeners', 'startListeners', 'failChecks', 'passChecks'] as const;
