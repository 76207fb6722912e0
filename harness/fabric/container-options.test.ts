import { containerOptions } from './container-options.ts';

const options = containerOptions({ name: 's1', image: 'l4lab:test', labels: { a: 'b' }, apparmor: false });

test('a node may shape its own network and nothing else', () => {
  expect(options.HostConfig).toMatchObject({ CapDrop: ['ALL'], CapAdd: ['NET_ADMIN', 'NET_RAW'] });
  expect(options.HostConfig).not.toHaveProperty('Privileged');
  expect(options.HostConfig).not.toHaveProperty('Binds');
  expect(options.HostConfig).not.toHaveProperty('PortBindings');
});

test('of /proc/sys only net can be written: a writable core_pattern would be a way out to the host', () => {
  expect(options.HostConfig?.ReadonlyPaths).toEqual(
    expect.arrayContaining(['/proc/sys/kernel', '/proc/sys/vm', '/proc/sys/fs']),
  );
  expect(options.HostConfig?.ReadonlyPaths).not.toContain('/proc/sys');
});

test('AppArmor is left alone where there is none', () => {
  expect(options.HostConfig).not.toHaveProperty('SecurityOpt');
  expect(containerOptions({ name: 's1', image: 'i', labels: {}, apparmor: true }).HostConfig?.SecurityOpt).toEqual([
    'apparmor=unconfined',
  ]);
});

test('nothing of a node outlives its harness: its stdin ends, it ends, and it is removed', () => {
  expect(options).toMatchObject({ OpenStdin: true, StdinOnce: true, HostConfig: { AutoRemove: true } });
});
