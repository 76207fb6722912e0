import Dockerode from 'dockerode';
import { clientOptions, requireEndpoint } from '../../setup/endpoint.ts';
import { isTooOld, OLDEST_KERNEL } from '../../lb/host/oldest-kernel.ts';
import { SetupError } from '../../setup/setup-error.ts';
import { L4labError } from '../errors.ts';

/** A container engine that can carry labs. */
export interface Engine {
  docker: Dockerode;
  /** Name and version. */
  name: string;
  kernel: string;
  os: string;
  cpus: number;
  apparmor: boolean;
}

/**
 * Finds the engine where the user's own tools and the set-up would (DOCKER_HOST, contexts, Desktop, rootless), and
 * takes no other in its place.
 * @throws L4labError `engine-unavailable` when none answers, or when it is one whose networks are no clean wires,
 * `kernel-lacks` when its kernel is too old
 */
export async function findEngine(): Promise<Engine> {
  const docker = await connect();
  const [version, info] = await Promise.all([
    docker.version() as Promise<{ Version: string; KernelVersion?: string; Components?: { Name: string }[] }>,
    docker.info() as Promise<{
      OperatingSystem: string;
      NCPU: number;
      SecurityOptions?: string[];
      FirewallBackend?: { Driver?: string };
    }>,
  ]);
  const podman = version.Components?.some(({ Name }) => Name.includes('Podman')) === true;
  if (podman) {
    throw new L4labError(
      'engine-unavailable',
      'the engine is Podman, whose networks ignore the options that a lab needs; point DOCKER_HOST at a Docker engine',
    );
  }
  if (info.FirewallBackend?.Driver?.startsWith('nftables') === true) {
    throw new L4labError(
      'engine-unavailable',
      "the engine's firewall backend is nftables, which labs do not support; start dockerd with --firewall-backend=iptables",
    );
  }
  const kernel = version.KernelVersion ?? 'unknown';
  if (isTooOld(kernel)) {
    throw new L4labError('kernel-lacks', `the engine's kernel is Linux ${kernel}; labs need ${OLDEST_KERNEL} or later`);
  }
  return {
    docker,
    name: `Docker ${version.Version}`,
    kernel,
    os: info.OperatingSystem,
    cpus: info.NCPU,
    apparmor: info.SecurityOptions?.some((option) => option.includes('apparmor')) === true,
  };
}

async function connect(): Promise<Dockerode> {
  try {
    return new Dockerode(clientOptions(await requireEndpoint()));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new L4labError('engine-unavailable', error.message, { cause: error });
  }
}
