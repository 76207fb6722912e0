import type Dockerode from 'dockerode';
import { EnvironmentError } from '../errors.ts';
import { isGone } from './sweep.ts';
import type { Wire } from './wire.ts';

/** A container to create, and its node name on the wires. */
export interface WiredContainer {
  node: string;
  /** At least one. */
  wires: Wire[];
  options: Dockerode.ContainerCreateOptions;
}

/**
 * Creates a container that is connected to its wires when started.
 * @param made called as soon as there is something to remove
 * @throws L4labError `image-missing`
 */
export async function createContainer(
  docker: Dockerode,
  { node, wires, options }: WiredContainer,
  made: Dockerode.Container[],
): Promise<Dockerode.Container> {
  const [first, ...others] = wires as [Wire, ...Wire[]];
  const container = await docker
    .createContainer({
      ...options,
      HostConfig: { ...options.HostConfig, NetworkMode: first.network.id },
      NetworkingConfig: { EndpointsConfig: { [first.network.id]: endpoint(first, node) } },
    })
    .catch((error: unknown) => {
      if (!isGone(error)) throw error;
      throw new EnvironmentError('image-missing', { code: 'image-missing', params: { image: options.Image ?? '' } });
    });
  made.push(container);
  // The API before 1.44 accepts one network at creation; the others are connected before the start.
  await Promise.all(others.map((wire) => joinWire(container, node, wire)));
  return container;
}

/** Connects a container, running or not, to another wire. */
export async function joinWire(container: Dockerode.Container, node: string, wire: Wire): Promise<void> {
  await wire.network.connect({ Container: container.id, EndpointConfig: endpoint(wire, node) });
}

function endpoint(wire: Wire, node: string): Dockerode.EndpointSettings {
  return { IPAMConfig: { IPv4Address: wire.addresses[node]! } };
}
