import { decodeFrame } from './decode.ts';
import type { Frame } from './sighting.ts';

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

  add(node: string, iface: string, frames: readonly (readonly [time: string, length: number, bytes: string])[]): void {
    for (const [time, length, base64] of frames) {
      const bytes = Buffer.from(base64, 'base64');
      this.#frames.push({ time: BigInt(time), node, iface, bytes, frame: decodeFrame(bytes, length) });
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

  clear(): void {
    this.#frames = [];
  }
}
