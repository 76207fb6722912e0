import { errorText } from '../shared/error-text.ts';
import type { Engine } from '../../harness/fabric/engine.ts';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { connect, readEngine, unsuitableReason } from '../../harness/fabric/engine.ts';
import { blockingChains } from '../../harness/fabric/firewall.ts';
import { onHostNetwork } from '../../harness/fabric/host-container.ts';
import { addressConflicts, readHostNetwork } from '../../harness/fabric/host-network.ts';
import { probeContainer } from '../../harness/fabric/kernel-features.ts';
import { tryLab } from '../../harness/fabric/try-lab.ts';
import { PACKAGE } from '../../api/package.ts';
import type { Project } from '../../harness/project/project.ts';
import { allScenarios, loadEach, loadScenario } from '../../harness/project/scenario-files.ts';
import { resolvePlan } from '../../harness/scenario/resolve/resolve.ts';
import type { Plan } from '../../harness/terms/plan.ts';
import { canInstallPackages } from '../../setup/apt.ts';
import { hasDockerd, wantsOwnEngine } from '../../setup/engine.ts';
import { checkNode } from '../../setup/node-version.mjs';
import { L4labError } from '../../harness/errors.ts';
import { missingTools } from '../../setup/test-tools.ts';
import type { EngineAnswer, Facts, NetworkFacts } from './facts.ts';

/** Reads the facts of this machine and its engine; unavailable ones are null. */
export async function readFacts(project: Project, image: string): Promise<Facts> {
  const common = {
    node: nodeFacts(),
    kernel: release(),
    setup: {
      tools: missingTools(process.env),
      installs: canInstallPackages() && wantsOwnEngine(),
      dockerd: hasDockerd(),
    },
  };
  const nothing = { image: null, inside: null, network: null, lab: null };
  const found = await findDocker();
  if (!('docker' in found)) {
    return { ...common, ...nothing, engine: found, unasked: 'They are checked in a container, which needs an engine.' };
  }
  const { docker, engine } = found;
  const present = await docker
    .getImage(image)
    .inspect()
    .then(() => true)
    .catch(() => false);
  const unknown = { inside: null, network: null, lab: null };
  const asked = { ...common, engine, image: { name: image, present } };
  if (!present) {
    const unasked = 'They are checked in a container of the lab image: run npx l4lab setup, then this again.';
    return { ...asked, ...unknown, unasked };
  }
  try {
    const [inside, network] = await Promise.all([
      probeContainer(docker, image, engine.facts.apparmor),
      readNetwork(docker, image, project),
    ]);
    const lab =
      engine.unfit === null ? await bootOne({ docker, endpoint: engine.endpoint, ...engine.facts }, image) : null;
    return { ...asked, inside, network, lab, unasked: null };
  } catch (error) {
    return { ...asked, ...unknown, unasked: errorText(error as Error) };
  }
}

async function bootOne(engine: Engine, image: string): Promise<Facts['lab']> {
  try {
    return { bootMs: Math.round(await tryLab(engine, image)) };
  } catch (error) {
    if (!(error instanceof L4labError)) throw error;
    return { reason: errorText(error) };
  }
}

function nodeFacts(): Facts['node'] {
  const { engines } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { engines: { node: string } };
  const node = { version: process.versions.node, wanted: engines.node.replace('>=', '') };
  try {
    checkNode(node.version, engines.node);
    return { ...node, newEnough: true };
  } catch {
    return { ...node, newEnough: false };
  }
}

type Docker = Engine['docker'];

async function findDocker(): Promise<
  { docker: Docker; engine: EngineAnswer & { endpoint: string } } | (EngineAnswer & { endpoint: null })
> {
  try {
    const { docker, endpoint } = await connect();
    const facts = await readEngine(docker);
    return { docker, engine: { endpoint, facts, unfit: unsuitableReason(facts)?.message ?? null } };
  } catch (error) {
    if (!(error instanceof L4labError)) throw error;
    return { endpoint: null, reason: error.message };
  }
}

/** Output: one line of rules, one of addresses, then settings. */
const SCRIPT = `nft -j list ruleset 2>/dev/null || echo '{"nftables":[]}'
ip -j -d addr
for name in iptables ip6tables; do
  file=/proc/sys/net/bridge/bridge-nf-call-$name
  [ ! -e $file ] || echo "net.bridge.bridge-nf-call-$name $(cat $file)"
done`;

async function readNetwork(docker: Docker, image: string, project: Project): Promise<NetworkFacts> {
  const output = await onHostNetwork(docker, image, { script: SCRIPT, admin: true });
  const [ruleset = '', addresses = '', ...settings] = output.split('\n');
  const host = readHostNetwork(addresses);
  return {
    filters: blockingChains(ruleset, [4, 6]).map(({ family, table, chain, how, owner }) => ({
      chain: `table ${family} ${table}, chain ${chain}`,
      how,
      owner,
    })),
    bridgeFilters: Object.fromEntries(settings.filter(Boolean).map((line) => line.split(' ') as [string, string])),
    hairpinPort: host.hairpinPort,
    clashes: plansOfProject(project).flatMap(({ lab, plan }) =>
      addressConflicts(plan, host).map(({ owner, address, iface }) => ({ lab, owner, address, iface })),
    ),
  };
}

/** A plan of each lab that a scenario uses. */
function plansOfProject(project: Project): { lab: string; plan: Plan }[] {
  const plans = new Map<string, Plan>();
  // Mistakes in scenarios are reported by `validate`.
  for (const { scenario } of loadEach(project, allScenarios(project), loadScenario).loaded) {
    plans.set(scenario.labName, resolvePlan(scenario, scenario.variants[0]!));
  }
  return [...plans].map(([lab, plan]) => ({ lab, plan }));
}
