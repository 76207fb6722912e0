import type Dockerode from 'dockerode';

/**
 * Least privilege: a node may only change its own network. All of /proc/sys except /proc/sys/net is read-only (a
 * writable kernel.core_pattern would allow escaping to the host).
 */
export function containerOptions(node: {
  name: string;
  image: string;
  labels: Record<string, string>;
  apparmor: boolean;
  /** Whether it creates TUN devices, which the engine's host must support. */
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
    // If the harness dies, stdin closes and the agent exits.
    StdinOnce: true,
    Tty: false,
    HostConfig: {
      AutoRemove: true,
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN', 'NET_RAW'],
      ReadonlyPaths: READ_ONLY_PATHS,
      ...(node.tun === true ? { Devices: [TUN] } : {}),
      LogConfig: { Type: 'none', Config: {} },
      // The AppArmor profile docker-default denies writing to /proc/sys/net.
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
