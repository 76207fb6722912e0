import { containerOptions } from './container-options.ts';

const options = containerOptions({ name: 's1', image: 'l4lab:test', labels: { a: 'b' }, apparmor: false });

test('a node may configure its own network and nothing else', () => {
  expect(options.HostConfig).toMatchObject({ CapDrop: ['ALL'], CapAdd: ['NET_ADMIN', 'NET_RAW'] });
  expect(options.HostConfig).not.toHaveProperty('Privileged');
  expect(options.HostConfig).not.toHaveProperty('Binds');
  expect(options.HostConfig).not.toHaveProperty('PortBindings');
});

test('only net in /proc/sys is writable: a writable core_pattern would allow an escape to the host', () => {
  expect(options.HostConfig?.ReadonlyPaths).toEqual(
    expect.arrayContaining(['/proc/sys/kernel', '/proc/sys/vm', '/proc/sys/fs']),
  );
  expect(options.HostConfig?.ReadonlyPaths).not.toContain('/proc/sys');
});

test('AppArmor is not configured on a host without it', () => {
  expect(options.HostConfig).not.toHaveProperty('SecurityOpt');
  expect(containerOptions({ name: 's1', image: 'i', labels: {}, apparmor: true }).HostConfig?.SecurityOpt).toEqual([
    'apparmor=unconfined',
  ]);
});

test('a node does not outlive its harness: at the end of its stdin it ends, and is removed', () => {
  expect(options).toMatchObject({ OpenStdin: true, StdinOnce: true, HostConfig: { AutoRemove: true } });
});
