import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type Dockerode from 'dockerode';
import { L4labError } from '../errors.ts';
import { host } from '../scenario/address.ts';
import type { Plan } from '../scenario/plan.ts';
import { LAB_LABEL, OWNER_LABEL, ownerLabel } from './labels.ts';
import { isGone } from './sweep.ts';

const PROBE_DEADLINE_MS = 30_000;
const known = new WeakMap<Dockerode, Promise<Map<string, string>>>();

/**
 * Addresses that the engine's host has itself, with their interfaces; the engine may be on another machine, so a
 * container on the host's network tells. Asked once per process and engine.
 * @throws L4labError `engine-unavailable` when the container does not tell
 */
export function hostAddresses(docker: Dockerode, image: string): Promise<Map<string, string>> {
  const asked = known.get(docker) ?? probe(docker, image);
  known.set(docker, asked);
  return asked;
}

/**
 * The host answers ARP for its own addresses even on a bridge where it has none, so no node may have one of them.
 * @throws L4labError `address-in-use`
 */
export function refuseHostAddresses(plan: Plan, taken: ReadonlyMap<string, string>): void {
  const clashes = addressesOf(plan).filter(({ address }) => taken.has(address));
  if (clashes.length === 0) return;
  const named = clashes.map(({ owner, address }) => `${address} of ${owner} (there on ${taken.get(address)!})`);
  throw new L4labError(
    'address-in-use',
    `the engine's host itself has ${[...new Set(named)].join(', ')}; give the lab other addresses`,
  );
}

function addressesOf({ nodes, services }: Plan): { owner: string; address: string }[] {
  return [
    ...nodes.flatMap(({ name, interfaces, loopback }) =>
      [...interfaces.flatMap(({ addresses }) => addresses), ...loopback].map((cidr) => ({
        owner: `node ${name}`,
        address: host(cidr),
      })),
    ),
    ...services.flatMap(({ name, vip, proxyIps }) =>
      [vip, ...proxyIps].map((address) => ({ owner: `service ${name}`, address })),
    ),
  ];
}

interface LinkJson {
  ifname: string;
  addr_info?: { local: string; scope: string }[];
}

async function probe(docker: Dockerode, image: string): Promise<Map<string, string>> {
  const container = await docker.createContainer({
    Image: image,
    Cmd: ['ip', '-j', 'addr'],
    Labels: { [LAB_LABEL]: 'probe', [OWNER_LABEL]: ownerLabel() },
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: { NetworkMode: 'host', AutoRemove: true, CapDrop: ['ALL'], LogConfig: { Type: 'none', Config: {} } },
  });
  try {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    (container.modem as { demuxStream(s: NodeJS.ReadableStream, o: PassThrough, e: PassThrough): void }).demuxStream(
      stream,
      stdout,
      stderr,
    );
    stream.on('close', () => [stdout, stderr].map((end) => end.end()));
    await container.start();
    const [said, complaints] = await within(Promise.all([text(stdout), text(stderr)]));
    if (!said.startsWith('[')) throw new Error(complaints.trim());
    // Link-local addresses and loopbacks are everybody's.
    return new Map(
      (JSON.parse(said) as LinkJson[]).flatMap(({ ifname, addr_info: infos = [] }) =>
        infos.filter(({ scope }) => scope === 'global').map(({ local }) => [local, ifname] as const),
      ),
    );
  } catch (error) {
    throw new L4labError(
      'engine-unavailable',
      `a container on the host's network does not tell the host's addresses: ${(error as Error).message}`,
      { cause: error },
    );
  } finally {
    await container.remove({ force: true }).catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
  }
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PROBE_DEADLINE_MS} ms`)), PROBE_DEADLINE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
