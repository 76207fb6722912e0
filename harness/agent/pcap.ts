import type { RawFrame } from './protocol.ts';

const GLOBAL_HEADER = 24;
const RECORD_HEADER = 16;
const NANOSECOND_MAGIC = 0xa1b23c4d;

/**
 * Incremental reader of a pcap stream (nanosecond timestamps, the writer's byte order). Format: draft-ietf-opsawg-pcap.
 */
export class PcapReader {
  #pending: Buffer = Buffer.alloc(0);
  #started = false;

  /** Frames completed by this piece. @throws Error if the stream is not nanosecond pcap */
  read(piece: Buffer): RawFrame[] {
    this.#pending = this.#pending.length === 0 ? piece : Buffer.concat([this.#pending, piece]);
    if (!this.#started) {
      if (this.#pending.length < GLOBAL_HEADER) return [];
      if (this.#pending.readUInt32LE(0) !== NANOSECOND_MAGIC)
        throw new Error('not a little-endian nanosecond pcap stream');
      this.#pending = this.#pending.subarray(GLOBAL_HEADER);
      this.#started = true;
    }
    const frames: RawFrame[] = [];
    let offset = 0;
    while (this.#pending.length - offset >= RECORD_HEADER) {
      const captured = this.#pending.readUInt32LE(offset + 8);
      const end = offset + RECORD_HEADER + captured;
      if (this.#pending.length < end) break;
      const seconds = this.#pending.readUInt32LE(offset);
      const nanoseconds = this.#pending.readUInt32LE(offset + 4);
      const bytes = this.#pending.subarray(offset + RECORD_HEADER, end);
      frames.push([
        `${seconds}${String(nanoseconds).padStart(9, '0')}`,
        this.#pending.readUInt32LE(offset + 12),
        bytes.toString('base64'),
      ]);
      offset = end;
    }
    this.#pending = this.#pending.subarray(offset);
    return frames;
  }
}
