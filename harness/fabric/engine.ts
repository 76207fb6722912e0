import Dockerode from 'dockerode';
import { answers, clientOptions, requireEndpoint, type Endpoint } from '../../setup/endpoint.ts';
import { isTooOld, OLDEST_KERNEL } from '../../lb/host/oldest-kernel.ts';
import { SetupError } from '../../setup/setup-error.ts';
import { L4labError } from '../errors.ts';

/** A container engine that can run labs. */
export interface Engine {
  docker: Dockerode;
  /** Its address, in the format of DOCKER_HOST. */
  endpoint: string;
  /** Name and version. */
  name: string;
  kernel: string;
  os: string;
  cpus: number;
  apparmor: boolean;
}

/** Facts about an engine that labs depend on. */
export interface EngineFacts extends Omit<Engine, 'docker' | 'endpoint'> {
  /** Version of its API. */
  api: string;
  storage: string;
  /** Driver and version: `systemd, v2`. */
  cgroups: string;
  /** Its firewall backend: `iptables` or `nftables`; unknown before version 29. */
  firewall: string;
  rootless: boolean;
  podman: boolean;
}

/**
 * Finds the engine that the user's tools and the setup use (DOCKER_HOST, contexts, Desktop, rootless), and never falls
 * back to another.
 * @param endpoint engine to use instead
 * @throws L4labError `engine-unavailable` if it does not answer or its networks cannot be used as wires, `kernel-lacks`
 * if its kernel is too old
 */
export async function findEngine(endpoint?: Endpoint): Promise<Engine> {
  const { docker, endpoint: where } = await connect(endpoint);
  const facts = await readEngine(docker);
  const unfit = unsuitableReason(facts);
  if (unfit !== null) throw unfit;
  return { docker, endpoint: where, ...facts };
}

/** Reads the facts of an engine. */
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

/** Why labs cannot run on an engine, or null. */
export function unsuitableReason({ podman, firewall, kernel }: EngineFacts): L4labError | null {
  if (podman) {
    return new L4labError(
      'engine-unavailable',
      'the engine is Podman, whose networks ignore options that labs need; set DOCKER_HOST to a Docker engine',
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
 * Connects to the engine without checking its facts.
 * @param endpoint engine to use; found automatically by default
 * @throws L4labError `engine-unavailable` if it does not answer
 */
export async function connect(endpoint?: Endpoint): Promise<{ docker: Dockerode; endpoint: string }> {
  try {
    if (endpoint && !(await answers(endpoint)))
      throw new SetupError(`No Docker engine answers at ${endpoint.DOCKER_HOST}.`);
    const found = endpoint ?? (await requireEndpoint());
    const docker = new Dockerode(clientOptions(found));
    watchConnection(docker.modem);
    return { docker, endpoint: found.DOCKER_HOST };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new L4labError('engine-unavailable', error.message, { cause: error });
  }
}

const CONNECTION_ERRORS = ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'];

/** On a slow machine a large lab takes minutes, but not one call of it. */
const HANGS_AFTER_MS = 300_000;
/** Once it hangs, what is left to do (to clean up) is not waited for as long. */
const STILL_HANGS_AFTER_MS = 10_000;

/** Calls that take as long as a container runs, or as an image is large. */
const LONG_CALLS = /\/(wait|build|commit|get|images\/(create|load))($|\?)/;

interface Call {
  path: string;
  method: string;
  abortSignal?: AbortSignal;
}

interface Modem {
  dial(options: Call, callback: (error: (Error & { code?: string }) | null, data: unknown) => void): void;
}

/**
 * Turns a lost connection, and an engine that hangs, into one clear message at any later call. An engine hangs if it answers
 * no call for that long while one is waiting: on a slow machine many calls wait for each other.
 */
export function watchConnection(modem: Modem, hangsAfterMs = HANGS_AFTER_MS): void {
  const dial = modem.dial.bind(modem);
  let waitMs = hangsAfterMs;
  let answeredAt = -Infinity;
  modem.dial = (call, callback) => {
    const { path, method } = call;
    const hangs = new AbortController();
    const limit = waitMs;
    const check = (): void => {
      const left = answeredAt + limit - performance.now();
      if (left > 0) timer = setTimeout(check, left);
      else hangs.abort();
    };
    let timer = LONG_CALLS.test(path) ? undefined : setTimeout(check, limit);
    dial({ ...call, abortSignal: hangs.signal }, (error, data) => {
      clearTimeout(timer);
      if (hangs.signal.aborted) waitMs = Math.min(waitMs, STILL_HANGS_AFTER_MS);
      else answeredAt = performance.now();
      const gone = error !== null && CONNECTION_ERRORS.includes(error.code ?? '');
      const asked = `${method} ${path.split('?')[0]!}`;
      callback(hangs.signal.aborted ? hangsError(asked, limit) : gone ? goneError(error) : error, data);
    });
  };
}

function hangsError(asked: string, limitMs: number): L4labError {
  return new L4labError(
    'engine-unavailable',
    `The Docker engine hangs: it has not answered ${asked} for ${limitMs / 1000} s. ` +
      'Restart it (sudo systemctl restart docker), and run again.',
  );
}

function goneError(error: Error): L4labError {
  return new L4labError(
    'engine-unavailable',
    `lost the connection to the Docker engine (${error.message}): it was stopped or is restarting`,
    { cause: error },
  );
}
