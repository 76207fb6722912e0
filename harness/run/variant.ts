import { stringify } from 'yaml';
import { L4labError } from '../errors.ts';
import type { FlowResult, VariantResult } from '../terms/results.ts';
import { neighbourCommands } from '../agent/ip-commands.ts';
import { tracksConnections } from '../agent/node-tables.ts';
import { predict } from '../model/predict.ts';
import { knownNeighbours } from '../model/warm-start.ts';
import type { Variant } from '../scenario/read/read-variant.ts';
import { cellNames } from '../scenario/resolve/plans.ts';
import type { Fault } from '../terms/fault.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import type { TimelineResult } from '../terms/timeline-results.ts';
import { batches, sharesSourcePort } from './batches.ts';
import type { OnEvent } from './events.ts';
import { configureLab } from './configure-lab.ts';
import { faultOf } from './fault-of.ts';
import { flowNotRun, mayFail, runFlow, runSequence, sharedBy } from './flow.ts';
import type { LabPool, PooledLab } from './lab-pool.ts';
import { sideBySide } from './side-by-side.ts';
import { cellNotRun, streamCells } from './stream-cell.ts';
import { runTimeline } from './timeline.ts';
import { untilUp } from './until-up.ts';

/**
 * Successful flows only need CPU time: running more of them in parallel would delay all results. Failing flows mostly
 * wait.
 */
const QUICK_FLOWS_AT_ONCE = 2;

/** Configures a booted lab for a variant, runs its flows, then its steps, and undoes the configuration. */
export async function runVariant(
  variant: Variant,
  plan: Plan,
  pooled: PooledLab,
  onEvent: OnEvent,
): Promise<{ result: VariantResult; clean: boolean }> {
  const { lab, recorder } = pooled;
  const timings = { bootMs: pooled.bootMs, configureMs: 0, flowsMs: 0, resetMs: 0 };
  const timed = async <T>(name: keyof typeof timings, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    try {
      return await work();
    } finally {
      timings[name] = performance.now() - began;
    }
  };
  /** By name. */
  const finished = new Map<string, FlowResult>();
  let timeline: TimelineResult | undefined;
  let balancers: VariantResult['balancers'] = {};
  const emit = (result: FlowResult): void => {
    onEvent({ event: 'flow', scenario: plan.scenario, variant: plan.variant, result });
    finished.set(result.name, result);
  };
  try {
    await timed('configureMs', () => configureLab(lab, plan));
    await timed('flowsMs', async () => {
      await runFlows(plan, pooled, emit);
      if (plan.timeline === undefined) return;
      const listener = { cell: emit, timeline: (result: TimelineResult) => void (timeline = result) };
      await pooled.undisturbed(() => runTimeline(plan, pooled, listener));
    });
    balancers = await describeBalancers(plan, pooled);
  } catch (error) {
    if (!(error instanceof L4labError)) throw error;
    onEvent({ event: 'not-run', scenario: plan.scenario, variant: plan.variant, reason: faultOf(error) });
    // A lost node makes earlier results doubtful; an interrupt does not.
    if (error.code !== 'interrupted') finished.clear();
    for (const cell of notRun(plan, faultOf(error))) if (!finished.has(cell.name)) emit(cell);
  }
  const flows = cellNames(plan).map((name) => finished.get(name)!);
  const clean = await timed('resetMs', () => lab.reset().catch(() => false));
  recorder.clear();
  const logs = Object.fromEntries([...lab.nodes].map(([name, node]) => [name, [...node.log]]));
  return {
    result: { ...describeVariant(variant), plan, flows, ...(timeline ? { timeline } : {}), balancers, logs, timings },
    clean,
  };
}

/** All cells of a plan, as not run. */
export function notRun(plan: Plan, reason: Fault): FlowResult[] {
  return [
    ...plan.flows.map((flow) => flowNotRun(flow, plan, reason)),
    ...streamCells(plan).map((cell) => cellNotRun(cell, plan, reason)),
  ];
}

/** Runs a variant on a lab of a pool, only for its verdicts. */
export async function runInPool(variant: Variant, plan: Plan, pool: LabPool): Promise<FlowResult[]> {
  const pooled = await pool.acquire(plan);
  const { result, clean } = await runVariant(variant, plan, pooled, () => undefined);
  pool.release(pooled, clean);
  return result.flows;
}

/** The description of a variant in results. */
export function describeVariant(variant: Variant): Pick<VariantResult, 'name' | 'title' | 'at' | 'change'> {
  const { name, title, change } = variant;
  return {
    name,
    title,
    at: variant.locate(['variants', name]),
    change: Object.keys(change).length === 0 ? '' : stringify(change),
  };
}

/** Runs the flows batch by batch. */
async function runFlows(plan: Plan, pooled: PooledLab, emit: (result: FlowResult) => void): Promise<void> {
  for (const { flows, inSequence, fromCleanStart } of batches(plan)) {
    if (fromCleanStart) await forget(plan, pooled);
    if (inSequence) {
      const sequence = flows.map((flow) => ({ flow, predicted: predict(plan, flow) }));
      const run = (): Promise<FlowResult[]> =>
        runSequence(
          sequence,
          () => sharedBy(plan, pooled),
          () => dropConnections(plan, pooled),
        );
      const isSlow = sequence.some(({ flow, predicted }) => mayFail(flow, predicted));
      for (const result of await (isSlow ? pooled.undisturbed(run) : run())) emit(result);
      continue;
    }
    const shared = sharedBy(plan, pooled);
    const predicted = new Map(flows.map((flow) => [flow, predict(plan, flow)]));
    const one = async (flow: FlowPlan): Promise<void> => emit(await runFlow(flow, predicted.get(flow)!, shared));
    const quick = flows.filter((flow) => !mayFail(flow, predicted.get(flow)!));
    const slow = flows.filter((flow) => !quick.includes(flow));
    await Promise.all([
      sideBySide(quick.length, QUICK_FLOWS_AT_ONCE, (index) => one(quick[index]!)),
      ...slow.map((flow) => pooled.undisturbed(() => one(flow))),
    ]);
  }
}

/**
 * Ends what earlier flows have left in progress, and clears neighbour tables, MAC tables and learned routes. Each node
 * except an L4 then announces itself (`arp_notify`), so that switches need not flood frames to it. An L4 that keeps the
 * source MAC resolved its servers before any flow, and keeps their entries; other L4s resolve again, by which servers
 * learn their MAC. Initially known neighbours are resolved again. Connections are cleared if flows share a source port.
 */
async function forget(plan: Plan, pooled: PooledLab): Promise<void> {
  const { lab } = pooled;
  await dropConnections(plan, pooled);
  const switches = plan.nodes.filter(({ bridge }) => bridge);
  await Promise.all(switches.map(({ name }) => lab.node(name).call('act', { action: { do: 'flushMacs' } })));
  if (plan.flows.some((flow) => sharesSourcePort(flow, plan))) {
    const remembering = plan.nodes.filter((node) => tracksConnections(node) || node.balancer !== null);
    await Promise.all(
      remembering.map(({ name }) => lab.node(name).call('act', { action: { do: 'flushConnections' } })),
    );
  }
  await Promise.all(
    plan.nodes.map((node) => {
      const { name, balancer, interfaces } = node;
      const isUp = (dev: string): boolean => interfaces.some((iface) => iface.name === dev && iface.up !== false);
      const announced = balancer === null ? interfaces.filter(({ addresses }) => addresses.length > 0) : [];
      const keepsMacs = balancer?.config.services.some(({ sourceMac }) => sourceMac === 'keep') === true;
      // One process for all, because starting it takes the most time.
      const lines = [
        'route flush cache',
        ...(keepsMacs ? [] : ['neigh flush all']),
        ...announced.map((i) => `link set dev ${i.name} address ${i.mac}`),
        // The kernel drops these when the interface's MAC is set.
        ...neighbourCommands(node, isUp),
      ];
      return lab.node(name).call('run', { argv: ['ip', '-batch', '-'], input: lines.join('\n') });
    }),
  );
  await lab.learnNeighbours(knownNeighbours(plan));
  // Once more: a check that met the reset may have ended late.
  await untilUp(plan, lab);
}

/** Resets connections, so that servers retransmit nothing into later flows; waits for servers that a check took out by that. */
export async function dropConnections(plan: Plan, { lab }: PooledLab): Promise<void> {
  const listening = plan.nodes.filter(({ listeners }) => listeners.length > 0);
  await Promise.all(listening.map(({ name }) => lab.node(name).call('dropConnections', null)));
  await untilUp(plan, lab);
}

async function describeBalancers(plan: Plan, { lab }: PooledLab): Promise<VariantResult['balancers']> {
  const described = plan.nodes.map(async ({ name, balancer }) => {
    if (balancer === null) return [];
    // The slots of a Maglev table would be megabytes of unread text.
    const tables = balancer.config.services.some(({ scheduler }) => scheduler === 'maglev') ? 'named' : 'listed';
    const rules = await lab.node(name).call('balancerRules', { tables });
    return [[name, { kind: balancer.kind, config: stringify(balancer.config), rules, log: [...lab.node(name).log] }]];
  });
  return Object.fromEntries((await Promise.all(described)).flat()) as VariantResult['balancers'];
}
