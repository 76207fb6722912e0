import type Dockerode from 'dockerode';
import { L4labError } from '../errors.ts';
import { removeSurely } from './sweep.ts';

/** What a lab leaves in Docker, in the order in which it came to be. */
export class CleanupStack {
  readonly containers: Dockerode.Container[] = [];
  readonly networks: Dockerode.Network[] = [];
  /** Interfaces on the host of networks that could not be made: the engine does not know them. */
  readonly bridges: string[] = [];
  #wires = 0;

  constructor(private readonly removeBridges: (names: string[]) => Promise<void>) {}

  /** Number of the next wire, by which it is called. */
  nextWire(): number {
    return this.#wires++;
  }

  /** Removes all of it; what is gone already is no error. */
  async remove(): Promise<void> {
    await Promise.all(this.containers.map((container) => removeSurely(container)));
    await Promise.all(this.networks.map((network) => removeSurely(network)));
    await this.removeBridges(this.bridges).catch((error: unknown) => {
      // Why they could not be made is what matters; `clean` finds them as well.
      if (!(error instanceof L4labError)) throw error;
    });
  }
}
