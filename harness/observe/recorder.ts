import { decodeFrame } from './decode.ts';
import type { Frame, Sighting } from '../terms/sighting.ts';

/** A frame captured at one interface, before its direction is known. */
export interface Captured {
  /** Nanoseconds of the kernel's wall clock. */
  time: bigint;
  node: string;
  iface: string;
  /** The captured bytes in base64: equal for equal frames. */
  raw: string;
  frame: Frame;
}

/** Keeps the frames of a lab in order of arrival. */
export class Recorder {
  #frames: Captured[] = [];
  /** Number of discarded frames before the first kept one. */
  #forgotten = 0;
  readonly #raw = new WeakMap<Frame, string>();

  add(node: string, iface: string, frames: readonly (readonly [time: string, length: number, bytes: string])[]): void {
    for (const [time, length, raw] of frames) {
      const frame = decodeFrame(Buffer.from(raw, 'base64'), length);
      this.#raw.set(frame, raw);
      this.#frames.push({ time: BigInt(time), node, iface, raw, frame });
    }
  }

  /** The current position in the recording, for `since`. */
  mark(): number {
    return this.#forgotten + this.#frames.length;
  }

  /** Frames that arrived after the mark and before `end` (default: now), sorted by timestamp. */
  since(mark: number, end = this.mark()): Captured[] {
    const from = Math.max(0, mark - this.#forgotten);
    return this.#frames
      .slice(from, Math.max(from, end - this.#forgotten))
      .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  }

  /** Discards frames that arrived before the mark. Later marks stay valid. */
  forgetUntil(mark: number): void {
    const gone = Math.min(this.#frames.length, Math.max(0, mark - this.#forgotten));
    this.#frames = this.#frames.slice(gone);
    this.#forgotten += gone;
  }

  /** Adds the captured bytes to sightings whose frames are still available. */
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
