import type Dockerode from 'dockerode';
import { L4labError } from '../errors.ts';
import { removeWithRetries } from './sweep.ts';

/** A lab's objects in Docker, in order of creation. */
export class CleanupStack {
  readonly containers: Dockerode.Container[] = [];
  readonly networks: Dockerode.Network[] = [];
  /** Host interfaces of networks that could not be created: unknown to the engine. */
  readonly bridges: string[] = [];
  #wires = 0;

  constructor(private readonly removeBridges: (names: string[]) => Promise<void>) {}

  /** Number of the next wire, used in its name. */
  nextWire(): number {
    return this.#wires++;
  }

  /** Removes everything; ignores missing objects. */
  async remove(): Promise<void> {
    await Promise.all(this.containers.map((container) => removeWithRetries(container)));
    await Promise.all(this.networks.map((network) => removeWithRetries(network)));
    await this.removeBridges(this.bridges).catch((error: unknown) => {
      // The original error matters more; `clean` finds them too.
      if (!(error instanceof L4labError)) throw error;
    });
  }
}
