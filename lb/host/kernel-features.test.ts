import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NetnsLab } from '../netns/netns-lab.ts';
import '../testing/test-timeout.ts';
import { RunningLb } from '../netns/running-lb.ts';
import { KERNEL_FEATURES } from './kernel-features.ts';
import { isTooOld, OLDEST_KERNEL } from './oldest-kernel.ts';
import { run } from './run.ts';

it.each(KERNEL_FEATURES.map((feature) => [feature.code, feature] as const))(
  '%s: this kernel accepts the rules that probe it, and it is detected in rules',
  async (_, { probe, usedIn }) => {
    expect(await run('nft-failed', 'nft', ['-c', '-f', '-'], probe)).toBe('');
    const folder = 'lb/render/golden';
    const rules = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
    expect(rules.join('\n')).toMatch(usedIn);
  },
);

it.each([
  ['5.19.0-46-amd64', true],
  ['6.1.0-50-amd64', false],
  ['6.12.117+deb13', false],
  ['7.2.13+deb14', false],
  ['10.0', false],
])('Linux %s is older than the oldest supported kernel: %s', (release, tooOld) => {
  expect(OLDEST_KERNEL).toBe('6.1');
  expect(isTooOld(release)).toBe(tooOld);
});

describe('on a kernel that lacks a feature', () => {
  let lab: NetnsLab;

  beforeAll(async () => {
    lab = await NetnsLab.create({
      client: { links: { l4: '203.0.113.100/24' } },
      l4: { links: { client: '203.0.113.2/24' } },
    });
  });
  afterAll(() => lab.close());

  /** An nft whose kernel refuses rules with this text. */
  const without = async (word: string): Promise<string> => {
    const folder = lab.file('programs');
    await mkdir(folder, { recursive: true });
    const own = (await run('nft-failed', 'which', ['nft'])).trim();
    const script = lab.file('script');
    const text = `#!/bin/sh
case "$*" in
  -i) exit 1 ;;
  *"-f -")
    cat > ${script}.$$
    if grep -q '${word}' ${script}.$$; then
      echo 'Error: Could not process rule: No such file or directory' >&2
      exit 1
    fi
    exec < ${script}.$$ ;;
esac
exec ${own} "$@"
`;
    await writeFile(join(folder, 'nft'), text, { mode: 0o755 });
    return folder;
  };
  const start = async (scheduler: string, word: string) => {
    const servers = [{ name: 's1', address: '203.0.113.100' }];
    const service = { name: 'web', vip: '203.0.113.80', port: 80, mode: 'dsr', scheduler, servers };
    return RunningLb.spawn(lab, 'l4', { version: 1, services: [service] }, await without(word));
  };

  it('the load balancer reports the feature and what needs it', async () => {
    const lb = await start('maglev', 'jhash');
    expect(await lb.ended).toBe(1);
    expect(lb.lines.at(-1)).toMatchObject({
      event: 'error',
      code: 'kernel-lacks',
      message: expect.stringMatching(
        /^needs nft-hash: the kernel, .*, has no hashes of nftables .*maglev.*CONFIG_NFT_HASH/,
      ) as unknown,
    });
  });

  it('another error is reported unchanged', async () => {
    const lb = await start('maglev', '203.0.113.80');
    expect(await lb.ended).toBe(1);
    expect(lb.lines.at(-1)).toMatchObject({ event: 'error', code: 'nft-failed' });
  });
});
