import { stringify } from 'yaml';
import { InputError, L4labError } from '../../harness/errors.ts';
import { predict } from '../../harness/model/predict.ts';
import { freeAddress } from '../../harness/scenario/free-address.ts';
import { commonGateways } from '../../harness/scenario/common-gateways.ts';
import { balancersOf, callersOf, serversOf } from '../../harness/scenario/lab-queries.ts';
import { modeNeeds } from '../../harness/scenario/mode-needs.ts';
import { plansOf } from '../../harness/scenario/resolve/plans.ts';
import { readScenario } from '../../harness/scenario/read/read.ts';
import type { Lab } from '../../harness/scenario/schema.ts';
import { parseYaml } from '../../harness/scenario/yaml-file.ts';
import { isDirect, MODES } from '../../harness/terms/mode.ts';
import type { Mode, Plan } from '../../harness/terms/plan.ts';
import type { Prediction } from '../../harness/terms/walk.ts';
import { say } from '../../reports/messages/catalogue.ts';
import { en } from '../../reports/messages/en.ts';
import { asPredicted, type Expected } from './as-predicted.ts';

/** The first scenario of a project, as it will be written. */
export interface Starter {
  title: string;
  lab: string;
  servers?: Record<string, unknown>;
  nodes?: Record<string, { acceptLocal: true }>;
  services: { web: Record<string, unknown> & { vip: string; mode: Mode; pool: string[] } };
  flows: Record<string, { from: string; to: 'web'; repeat?: number; expect: Expected | 'works' }>;
}

const ALL_MODES = Object.keys(MODES) as Mode[];
const TITLES: Record<Mode, string> = { dnat: 'DNAT', proxy: 'proxy', dsr: 'DSR', l3dsr: 'L3DSR', ipip: 'IP-in-IP' };

/** Maximum number of attempts that let every server of a pool answer. */
const MOST_ATTEMPTS = 4;

/**
 * A scenario with one service, called by every client and by a server of its pool, with the settings that the mode
 * needs on this lab, and predicted expectations.
 * @throws L4labError `invalid-input` with the reason if no client can be served in that mode
 */
export function starter(labName: string, lab: Lab, mode: Mode): Starter {
  const tried = attempt(labName, lab, mode);
  if ('starter' in tried) return tried.starter;
  const others = workingModes(labName, lab);
  const hint = others.length > 0 ? `modes that can: ${others.join(', ')}` : 'no other mode can either';
  throw new L4labError(
    'invalid-input',
    `mode ${mode} cannot serve the clients of lab ${labName}: ${tried.refused}\n${hint}; \`npx l4lab matrix ${labName}\` shows which flows work in which mode`,
  );
}

/** Modes in which the clients of a lab can be served. */
export function workingModes(labName: string, lab: Lab): Mode[] {
  return ALL_MODES.filter((mode) => 'starter' in attempt(labName, lab, mode));
}

/** Searches settings with which every client is served, beginning with the lab's own. */
function attempt(labName: string, lab: Lab, mode: Mode): { starter: Starter } | { refused: string } {
  const missing = whatIsMissing(lab);
  if (missing !== null) return { refused: missing };
  const refusals: string[] = [];
  for (const draft of drafts(labName, lab, mode)) {
    const outcome = predicted(labName, lab, draft);
    if (typeof outcome === 'string') refusals.push(outcome);
    else return { starter: outcome };
  }
  return { refused: refusals[0]! };
}

function whatIsMissing(lab: Lab): string | null {
  for (const [role, nodes] of [
    ['client', callersOf(lab)],
    ['l4', balancersOf(lab)],
    ['server', serversOf(lab)],
  ] as const)
    if (nodes.length === 0) return `it has no node with role ${role}`;
  const [l4] = balancersOf(lab);
  return freeAddress(lab, l4!) === undefined ? `${l4} has no subnet with a free address for a VIP` : null;
}

/**
 * The same scenario with every possible gateway of the servers, with all load balancers or only the first, and in
 * direct modes also with load balancers that forward servers' replies.
 */
function drafts(labName: string, lab: Lab, mode: Mode): Starter[] {
  const l4s = balancersOf(lab);
  const pool = serversOf(lab);
  const balancers = l4s.length > 1 ? [{ l4: l4s }, { l4: l4s[0] }] : [{}];
  const gateways = [{}, ...commonGateways(lab, pool).map((gateway) => ({ gateway }))];
  const needs = modeNeeds(mode, ['web']);
  const vip = freeAddress(lab, l4s[0]!)!;
  const flow = (from: string) => [`${from}-to-vip`, { from, to: 'web' as const, expect: 'works' as const }] as const;
  const accepting = Object.fromEntries(l4s.map((l4) => [l4, { acceptLocal: true as const }]));
  const ofNodes = isDirect({ mode }) ? [{}, { nodes: accepting }] : [{}];
  return ofNodes.flatMap((nodes) =>
    balancers.flatMap((l4) =>
      gateways.map((gateway) => {
        const servers = { ...gateway, ...needs.servers };
        return {
          title: `${lab.title}, ${TITLES[mode]}`,
          lab: labName,
          ...(Object.keys(servers).length > 0 ? { servers } : {}),
          ...nodes,
          services: { web: { vip, port: 80, mode, ...needs.service, ...l4, pool } },
          flows: Object.fromEntries([...callersOf(lab), pool[0]!].map(flow)),
        };
      }),
    ),
  );
}

/** The draft with predicted expectations; if a client is not served by the L4, the reason. */
function predicted(labName: string, lab: Lab, draft: Starter): Starter | string {
  const plan = planOf(labName, lab, draft);
  if (typeof plan === 'string') return plan;
  const predictions = new Map(plan.flows.map((flow) => [flow.name, predict(plan, flow)]));
  const clients = callersOf(lab);
  for (const { name, from } of plan.flows) {
    const lost = predictions.get(name)!.find((one) => !isServed(one));
    if (clients.includes(from) && lost !== undefined) return whyNot(name, lost);
  }
  const attempts = Math.min(draft.services.web.pool.length, MOST_ATTEMPTS);
  const flows = plan.flows.map((flow) => {
    const expect = asPredicted(flow, plan, predictions.get(flow.name)!, attempts);
    const repeated = attempts > 1 && expect.outcome !== 'fails' && !('findings' in expect);
    return [
      flow.name,
      { from: flow.from, to: 'web' as const, ...(repeated ? { repeat: attempts } : {}), expect },
    ] as const;
  });
  return { ...draft, flows: Object.fromEntries(flows) };
}

function planOf(labName: string, lab: Lab, draft: Starter): Plan | string {
  const yaml = parseYaml('the scenario', stringify(draft));
  try {
    const scenario = readScenario(labName, labName, lab, yaml);
    return plansOf({ scenario, yaml }, { variants: [], flows: [] })[0]!.plan;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.mistakes.map(({ message }) => message).join('; ');
  }
}

function isServed({ outcome, findings }: Prediction): boolean {
  return outcome === 'works' && !findings.some(({ code }) => code === 'l4-bypassed');
}

function whyNot(flow: string, { cause, findings }: Prediction): string {
  if (cause === null) return `${flow}: ${findings.map(({ code }) => en.findings[code]).join(' ')}`;
  return `${flow} fails (${cause.code}): ${say(en, cause.detail)} ${en.causes[cause.code].story}`;
}
