import { randomBytes } from 'node:crypto';
import type Dockerode from 'dockerode';
import { bridgeName } from '../harness/fabric/bridges.ts';
import { containerOptions } from '../harness/fabric/container-options.ts';
import { createContainer } from '../harness/fabric/create-container.ts';
import { LAB_LABEL, OWNER_LABEL, ownerLabel } from '../harness/fabric/labels.ts';
import type { BootOptions } from '../harness/fabric/boot-lab.ts';
import type { Topology } from '../harness/fabric/lab-topology.ts';
import { removeWithRetries } from '../harness/fabric/sweep.ts';
import { createWire } from '../harness/fabric/wire.ts';

/** The containers and networks of a lab without its agents: each container runs a program that does nothing. */
export class EngineAlone implements AsyncDisposable {
  readonly #containers: Dockerode.Container[] = [];
  readonly #networks: Dockerode.Network[] = [];

  /** Resolves when every container has started. */
  async up({ nodes, links, ipv6 }: Topology, { engine, image, labels: further }: BootOptions): Promise<void> {
    const id = randomBytes(4).toString('hex');
    const labels = { ...further, [LAB_LABEL]: id, [OWNER_LABEL]: ownerLabel() };
    const wires = links.map(async (link, index) => {
      const [name, bridge] = [`l4lab-${id}-${index}`, bridgeName(id, index)];
      const cable = { links: [link], tagged: false };
      const wire = await createWire(engine.docker, { name, bridge, cable, labels, ipv6 });
      this.#networks.push(wire.network);
      return wire;
    });
    const started = nodes.map(async ({ name: node }) => {
      const own = await Promise.all(wires.filter((_, index) => links[index]!.ends.some((end) => end.node === node)));
      const options = {
        ...containerOptions({ name: node, image, labels, apparmor: engine.apparmor }),
        name: `l4lab-${id}-${node}`,
        Cmd: ['sleep', 'infinity'],
      };
      const container = await createContainer(engine.docker, { node, wires: own, options }, this.#containers);
      await container.start();
    });
    // Nothing may be in progress when everything is taken down.
    const failed = (await Promise.allSettled([...wires, ...started])).find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason as Error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#containers.splice(0).map((container) => removeWithRetries(container)));
    await Promise.all(this.#networks.splice(0).map((network) => removeWithRetries(network)));
  }
}
