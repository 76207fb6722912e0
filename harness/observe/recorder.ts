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
  /** So many that came before them are not kept any more. */
  #forgotten = 0;
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
    return this.#forgotten + this.#frames.length;
  }

  /** Frames that arrived after the mark, and before `end` (all by default), in the order of their stamps. */
  since(mark: number, end = this.mark()): Captured[] {
    const from = Math.max(0, mark - this.#forgotten);
    return this.#frames
      .slice(from, Math.max(from, end - this.#forgotten))
      .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  }

  /** Lets go of what arrived before the mark: `since` does not have it any more. Other marks stay good. */
  forgetUntil(mark: number): void {
    const gone = Math.min(this.#frames.length, Math.max(0, mark - this.#forgotten));
    this.#frames = this.#frames.slice(gone);
    this.#forgotten += gone;
  }

  /** The sightings with the first bytes of their frames, as far as these are still at hand. */
  withRaw(sightings: Sighting[]): Sighting[] {
    return sightings.map((sighting) => {
      const raw = this.#raw.get(sighting.frame);
      return raw === undefined ? sighting : { ...sighting, raw };
    });
  }

  clear(): void {
    this.forgetUntil(this.mark());
  }
}
