import { decodeFrame } from './decode.ts';
import type { Frame, Sighting } from './sighting.ts';

/** A frame as one interface saw it, before it is known which way it went. */
export interface Captured {
  /** Nanoseconds of the kernel's wall clock. */
  time: bigint;
  node: string;
  iface: string;
  /** The first bytes, as captured. */
  bytes: Buffer;
  frame: Frame;
}

/** Keeps the frames of a lab in the order in which they arrive. */
export class Recorder {
  #frames: Captured[] = [];
  readonly #bytes = new WeakMap<Frame, Buffer>();

  add(node: string, iface: string, frames: readonly (readonly [time: string, length: number, bytes: string])[]): void {
    for (const [time, length, base64] of frames) {
      const bytes = Buffer.from(base64, 'base64');
      const frame = decodeFrame(bytes, length);
      this.#bytes.set(frame, bytes);
      this.#frames.push({ time: BigInt(time), node, iface, bytes, frame });
    }
  }

  /** A place in the recording to read from later. */
  mark(): number {
    return this.#frames.length;
  }

  /** Frames that arrived after the mark, in the order of their stamps. */
  since(mark: number): Captured[] {
    return this.#frames.slice(mark).sort((a, b) => Number(a.time - b.time));
  }

  /** The sightings with the first bytes of their frames, as far as these are still at hand. */
  withRaw(sightings: Sighting[]): Sighting[] {
    return sightings.map((sighting) => {
      const bytes = this.#bytes.get(sighting.frame);
      return bytes ? { ...sighting, raw: bytes.toString('base64') } : sighting;
    });
  }

  clear(): void {
    this.#frames = [];
  }
}
