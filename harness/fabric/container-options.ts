import type Dockerode from 'dockerode';

/**
 * What a node may do: nothing but shape its own network. All of /proc/sys but /proc/sys/net is read-only
 * (a writable kernel.core_pattern would be a way out to the host).
 */
export function containerOptions(node: {
  name: string;
  image: string;
  labels: Record<string, string>;
  apparmor: boolean;
  /** Whether it makes TUN devices, for which the engine's host has to have them. */
  tun?: boolean;
}): Dockerode.ContainerCreateOptions {
  return {
    Image: node.image,
    Hostname: node.name,
    Labels: node.labels,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    // The end of the harness ends stdin, and with it the agent.
    StdinOnce: true,
    Tty: false,
    HostConfig: {
      AutoRemove: true,
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN', 'NET_RAW'],
      ReadonlyPaths: READ_ONLY_PATHS,
      ...(node.tun === true ? { Devices: [TUN] } : {}),
      LogConfig: { Type: 'none', Config: {} },
      // docker-default denies writing to /proc/sys/net.
      ...(node.apparmor ? { SecurityOpt: ['apparmor=unconfined'] } : {}),
    },
  };
}

const TUN = { PathOnHost: '/dev/net/tun', PathInContainer: '/dev/net/tun', CgroupPermissions: 'rw' };

const READ_ONLY_PATHS = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sysrq-trigger',
  ...['abi', 'debug', 'dev', 'fs', 'kernel', 'user', 'vm'].map((name) => `/proc/sys/${name}`),
];
