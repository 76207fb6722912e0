import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { L4labError } from '../harness/errors.ts';
import type { StandaloneParams } from '../harness/agent/standalone.ts';
import { plansOf } from '../harness/scenario/resolve/plans.ts';
import { here } from '../harness/project/testing/here.ts';
import { findScenarios } from '../harness/project/scenario-files.ts';
import { generatedCompose } from './compose-command.ts';
import { findOne } from './find-one.ts';
import { loadAll } from './load-all.ts';

/** A file for Compose, as far as a lab depends on it. */
interface ComposeFile {
  services: Record<
    string,
    { environment: { L4LAB_NODE: string }; networks: Record<string, { ipv4_address: string }>; network_mode?: 'host' }
  >;
  networks: Record<string, { enable_ipv6?: true; ipam: { config: { subnet: string }[] } }>;
}

test('docker-compose.yml matches its scenario (update: npm run compose)', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { compose: string } };
  const [, scenario, image, output] = /compose (\S+) --image (\S+) --output (\S+)$/.exec(scripts.compose)!;
  const generated = generatedCompose(findOne(here, scenario!, undefined), { image: image!, output: output! });
  expect(readFileSync(output!, 'utf8')).toBe(generated);
});

const all = loadAll(here, findScenarios(here, [])).flatMap((loaded) =>
  plansOf(loaded, { variants: [], flows: [] }).map(({ variant, plan }) => ({ loaded, variant, plan })),
);

/** What Compose cannot carry, of all that is shipped. */
const REFUSED: string[] = [];

test('every variant of every scenario has a Compose file with the complete plan of each node', () => {
  const refused: string[] = [];
  for (const one of all) {
    const name = `${one.plan.scenario} ${one.plan.variant}`;
    try {
      const { services, networks } = parse(generatedCompose(one, { image: 'l4lab' })) as ComposeFile;
      const nodes = Object.entries(services).filter(([, service]) => service.network_mode !== 'host');
      const params = nodes.map(([, { environment }]) => JSON.parse(environment.L4LAB_NODE) as StandaloneParams);
      expect([name, params.map(({ plan }) => plan)]).toEqual([name, one.plan.nodes]);
      const members = (one.plan.pairs ?? []).flatMap((pair) => pair.members.map(({ node }) => `${pair.name} ${node}`));
      const memberNames = params.flatMap(({ plan, pairs }) => pairs.map((pair) => `${pair.name} ${plan.name}`));
      expect([name, memberNames.sort()]).toEqual([name, members.sort()]);
      const ends = nodes.flatMap(([, service]) => Object.values(service.networks).map((end) => end.ipv4_address));
      expect([name, new Set(ends).size]).toEqual([name, 2 * one.plan.links.length]);
      expect([name, params.flatMap(({ wires }) => wires.map(({ wireAddress }) => wireAddress))]).toEqual([name, ends]);
      const subnets = Object.values(networks).flatMap(({ ipam }) => ipam.config.map(({ subnet }) => subnet));
      expect(new Set(subnets).size).toBe(subnets.length);
      const hasIpv6 = Object.values(networks).some((network) => network.enable_ipv6 === true);
      expect([name, hasIpv6]).toEqual([name, /"[0-9a-f]+:[0-9a-f:]+\/\d+"/.test(JSON.stringify(one.plan.nodes))]);
    } catch (error) {
      if (!(error instanceof L4labError)) throw error;
      refused.push(name);
    }
  }
  expect(refused).toEqual(REFUSED);
});

test('labs of two scenarios have no subnet in common', () => {
  const subnetsOf = (scenario: string) =>
    [...generatedCompose(findOne(here, scenario, undefined), { image: 'l4lab' }).matchAll(/subnet: (\S+)/g)].map(
      ([, subnet]) => subnet!,
    );
  const both = ['proxy-and-dsr/dsr', 'ipv6/in-line'].flatMap(subnetsOf);
  expect(new Set(both).size).toBe(both.length);
});
