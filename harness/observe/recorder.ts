import { decodeFrame } from './decode.ts';
import type { Frame, Sighting } from '../terms/sighting.ts';

/** A frame as one interface saw it, before it is known which way it went. */
export interface Captured {
  /** Nanoseconds of the kernel's wall clock. */
  time: bigint;
  node: string;
  iface: string;
  /** The first bytes in base64, as captured: equal for equal frames. */
  raw: string;
  frame: Frame;
}

/** Keeps the frames of a lab in the order in which they arrive. */
export class Recorder {
  #frames: Captured[] = [];
  readonly #raw = new WeakMap<Frame, string>();

  add(node: string, iface: string, frames: readonly (readonly [time: string, length: number, bytes: string])[]): void {
    for (const [time, length, raw] of frames) {
      const frame = decodeFrame(Buffer.from(raw, 'base64'), length);
      this.#raw.set(frame, raw);
      this.#frames.push({ time: BigInt(time), node, iface, raw, frame });
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
      const raw = this.#raw.get(sighting.frame);
      return raw === undefined ? sighting : { ...sighting, raw };
    });
  }

  clear(): void {
    this.#frames = [];
  }
}
