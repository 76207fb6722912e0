import { hostname } from 'node:os';
import type Dockerode from 'dockerode';
import { KEPT_LABEL, LAB_LABEL, OWNER_LABEL, ownerLabel, PROJECT_LABEL } from './labels.ts';
import { sweep, type SweepScope } from './sweep.ts';

const DEAD = `${hostname()} 999999999 1`;

/** What an engine that all users of this machine share must not be asked to remove in a test. */
function engineWith(things: Record<string, Record<string, string>>): { docker: Dockerode; left: () => string[] } {
  const there = new Map(Object.entries(things));
  const list = (options: { filters: { label: string[] } }): Promise<{ Id: string; Labels: Record<string, string> }[]> =>
    Promise.resolve(
      [...there]
        .filter(([, labels]) => options.filters.label.every((label) => label in labels))
        .map(([Id, Labels]) => ({ Id, Labels })),
    );
  const get = (id: string): { remove: () => Promise<void> } => ({
    remove: () =>
      there.delete(id) ? Promise.resolve() : Promise.reject(Object.assign(new Error('gone'), { statusCode: 404 })),
  });
  const docker = { listContainers: list, listNetworks: list, getContainer: get, getNetwork: get };
  return { docker: docker as unknown as Dockerode, left: () => [...there.keys()].sort() };
}

const THINGS = {
  dead: { [LAB_LABEL]: '1', [OWNER_LABEL]: DEAD },
  living: { [LAB_LABEL]: '2', [OWNER_LABEL]: ownerLabel() },
  remote: { [LAB_LABEL]: '3', [OWNER_LABEL]: 'another-host 1 1' },
  'kept-dsr': { [LAB_LABEL]: '4', [OWNER_LABEL]: DEAD, [KEPT_LABEL]: 'proxy-and-dsr/dsr', [PROJECT_LABEL]: '/a' },
  'kept-proxy': { [LAB_LABEL]: '5', [OWNER_LABEL]: DEAD, [KEPT_LABEL]: 'proxy-ip/proxy', [PROJECT_LABEL]: '/a' },
  'kept-elsewhere': { [LAB_LABEL]: '6', [OWNER_LABEL]: DEAD, [KEPT_LABEL]: 'proxy-and-dsr/dsr', [PROJECT_LABEL]: '/b' },
  stranger: { app: 'database' },
};

test.each<[string, SweepScope, string[]]>([
  [
    'what dead processes left',
    { orphans: true },
    ['kept-dsr', 'kept-elsewhere', 'kept-proxy', 'living', 'remote', 'stranger'],
  ],
  [
    'what was kept for one scenario',
    { kept: { project: '/a', scenario: 'proxy-and-dsr/dsr' } },
    ['dead', 'kept-elsewhere', 'kept-proxy', 'living', 'remote', 'stranger'],
  ],
  [
    'all that a project kept',
    { kept: { project: '/a', scenario: null } },
    ['dead', 'kept-elsewhere', 'living', 'remote', 'stranger'],
  ],
  ['everything of l4lab, and nothing of others', { everything: true }, ['stranger']],
])('a sweep removes %s', async (_, scope, expected) => {
  const { docker, left } = engineWith(THINGS);
  await sweep(docker, scope);
  expect(left()).toEqual(expected);
});
