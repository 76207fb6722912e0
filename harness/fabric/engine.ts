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

/** What an engine says of itself, as far as labs depend on it. */
export interface EngineFacts extends Omit<Engine, 'docker'> {
  /** Of its API. */
  api: string;
  storage: string;
  /** Driver and version: `systemd, v2`. */
  cgroups: string;
  /** What writes its rules: `iptables`, `nftables`; engines before 29 do not say. */
  firewall: string;
  rootless: boolean;
  podman: boolean;
}

/**
 * Finds the engine where the user's own tools and the set-up would (DOCKER_HOST, contexts, Desktop, rootless), and
 * takes no other in its place.
 * @throws L4labError `engine-unavailable` when none answers, or when it is one whose networks are no clean wires,
 * `kernel-lacks` when its kernel is too old
 */
export async function findEngine(): Promise<Engine> {
  const { docker } = await connect();
  const facts = await readEngine(docker);
  const unfit = whyUnfit(facts);
  if (unfit !== null) throw unfit;
  return { docker, ...facts };
}

/** Asks an engine what it is. */
export async function readEngine(docker: Dockerode): Promise<EngineFacts> {
  const [version, info] = await Promise.all([
    docker.version() as Promise<{
      Version: string;
      ApiVersion?: string;
      KernelVersion?: string;
      Components?: { Name: string }[];
    }>,
    docker.info() as Promise<{
      OperatingSystem: string;
      NCPU: number;
      Driver?: string;
      CgroupDriver?: string;
      CgroupVersion?: string;
      SecurityOptions?: string[];
      FirewallBackend?: { Driver?: string };
    }>,
  ]);
  const has = (word: string): boolean => info.SecurityOptions?.some((option) => option.includes(word)) === true;
  return {
    name: `Docker ${version.Version}`,
    api: version.ApiVersion ?? 'unknown',
    kernel: version.KernelVersion ?? 'unknown',
    os: info.OperatingSystem,
    cpus: info.NCPU,
    storage: info.Driver ?? 'unknown',
    cgroups: `${info.CgroupDriver ?? 'unknown'}, v${info.CgroupVersion ?? '1'}`,
    firewall: info.FirewallBackend?.Driver ?? 'iptables',
    apparmor: has('apparmor'),
    rootless: has('rootless'),
    podman: version.Components?.some(({ Name }) => Name.includes('Podman')) === true,
  };
}

/** Why labs cannot run on such an engine; null where they can. */
export function whyUnfit({ podman, firewall, kernel }: EngineFacts): L4labError | null {
  if (podman) {
    return new L4labError(
      'engine-unavailable',
      'the engine is Podman, whose networks ignore the options that a lab needs; point DOCKER_HOST at a Docker engine',
    );
  }
  if (firewall.startsWith('nftables')) {
    return new L4labError(
      'engine-unavailable',
      "the engine's firewall backend is nftables, which labs do not support; start dockerd with --firewall-backend=iptables",
    );
  }
  if (isTooOld(kernel)) {
    return new L4labError(
      'kernel-lacks',
      `the engine's kernel is Linux ${kernel}; labs need ${OLDEST_KERNEL} or later`,
    );
  }
  return null;
}

/**
 * Connects to the engine, whatever it is.
 * @throws L4labError `engine-unavailable` when none answers
 */
export async function connect(): Promise<{ docker: Dockerode; endpoint: string }> {
  try {
    const endpoint = await requireEndpoint();
    const docker = new Dockerode(clientOptions(endpoint));
    watchConnection(docker.modem);
    return { docker, endpoint: endpoint.DOCKER_HOST };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new L4labError('engine-unavailable', error.message, { cause: error });
  }
}

const CONNECTION_ERRORS = ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'];

interface Modem {
  dial(options: unknown, callback: (error: (Error & { code?: string }) | null, data: unknown) => void): void;
}

/** An engine that was there and is not any more is no mistake of ours: every call says so in plain words. */
function watchConnection(modem: Modem): void {
  const dial = modem.dial.bind(modem);
  modem.dial = (options, callback) =>
    dial(options, (error, data) => {
      const gone = error !== null && CONNECTION_ERRORS.includes(error.code ?? '');
      callback(gone ? goneError(error) : error, data);
    });
}

function goneError(error: Error): L4labError {
  return new L4labError(
    'engine-unavailable',
    `the Docker engine is not there any more (${error.message}): it was stopped, or is starting anew`,
    { cause: error },
  );
}
