import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../host/run.ts';
import { callApi } from './api-client.ts';
import { NetnsLab } from './netns-lab.ts';
import '../testing/test-timeout.ts';
import { RunningLb } from './running-lb.ts';

const NODES = { l4: { links: { peer: '203.0.113.2/24' } }, peer: { links: { l4: '203.0.113.1/24' } } };

it('a lab leaves no file and no process, even if the load balancer was killed', async () => {
  const lab = await NetnsLab.create(NODES);
  const socket = lab.file('api.sock');
  const { ended } = await RunningLb.start(lab, 'l4', { version: 1, api: { socket }, services: [] });
  expect((await callApi(socket, 'GET', '/v1/services')).status).toBe(200);
  await lab.close();
  expect(await ended).toBeNull();
  await expect(access(lab.file(''))).rejects.toThrow('ENOENT');
});

it('a new lab removes what a dead test run has left', async () => {
  const dead = spawn('true');
  await once(dead, 'exit');
  const left = `l4lab-test-${dead.pid}-0`;
  await mkdir(join(tmpdir(), left));
  await run('ip-failed', 'ip', ['netns', 'add', `${left}-l4`]);
  const orphan = spawn('ip', ['netns', 'exec', `${left}-l4`, 'sh', '-c', 'echo; exec cat']);
  const ended = once(orphan, 'exit');
  // A test that begins beside this one may be the first to find them.
  await Promise.race([once(orphan.stdout, 'data'), ended]);
  await (await NetnsLab.create(NODES)).close();
  await ended;
  expect(await run('ip-failed', 'ip', ['netns', 'list'])).not.toContain(left);
  await expect(access(join(tmpdir(), left))).rejects.toThrow('ENOENT');
});

it('a switch carries frames as soon as the lab is created', async () => {
  const states: string[] = [];
  // The kernel delays link events for up to a second after earlier ones, so a single lab may not show it.
  for (let time = 0; time < 5; time++) {
    const lab = await NetnsLab.create({
      sw: { bridge: '', links: { peer: '' } },
      peer: { links: { sw: '203.0.113.1/24' } },
    });
    const ports = JSON.parse(await lab.exec('sw', 'bridge', '-j', 'link', 'show')) as { state: string }[];
    states.push(...ports.map(({ state }) => state));
    await lab.close();
  }
  expect(states).toEqual(Array<string>(5).fill('forwarding'));
});
