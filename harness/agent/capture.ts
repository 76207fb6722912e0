import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { coalesce } from '../coalesce.ts';
import { AgentError } from './programs/agent-error.ts';
import { PcapReader } from './pcap.ts';
import type { RawFrame } from './protocol.ts';

/** Enough for every header and the token of a flow. */
const SNAP_LENGTH = 400;
/** Long, since a program may take seconds to start on a busy machine. */
const DEADLINE_S = 10;
const STATS = /\d+ packets? captured[,\s]+(\d+) packets? received by filter[,\s]+(\d+) packets? dropped by kernel/;

/** tcpdump on one interface: all frames in both directions, with the kernel's timestamps. */
export class Capture {
  readonly #process: ReturnType<typeof tcpdump>;
  readonly #reader = new PcapReader();
  #seen = 0;
  #stderr = '';
  /** Dropped frames already reported. */
  #reported = 0;
  #stats: { received: number; dropped: number } | null = null;
  readonly #waiting = new Set<() => void>();
  running = true;

  constructor(
    readonly iface: string,
    onFrames: (frames: RawFrame[]) => void,
    program = 'tcpdump',
  ) {
    this.#process = tcpdump(program, iface);
    this.#process.stdout.on('data', (piece: Buffer) => {
      const frames = this.#reader.read(piece);
      this.#seen += frames.length;
      if (frames.length > 0) onFrames(frames);
      this.#changed();
    });
    this.#process.stderr.on('data', (piece: Buffer) => {
      this.#stderr += piece.toString();
      this.#readStats();
      this.#changed();
    });
    this.#process.on('error', ({ message }) => {
      this.#stderr += message;
      this.#end();
    });
    this.#process.on('close', () => this.#end());
  }

  /** Waits until tcpdump is listening. @throws Error with the output of tcpdump */
  async started(): Promise<void> {
    await this.#until(() => this.#stderr.includes('listening on'));
  }

  /**
   * Waits until all frames buffered by the kernel so far have been delivered: requests tcpdump's counters (SIGUSR1,
   * tcpdump(8)) and compares.
   * @throws AgentError `capture-overflow` if the kernel has dropped frames since the last call
   */
  readonly drain = coalesce(() => this.#drain());

  async #drain(): Promise<void> {
    if (!this.running) return;
    this.#stats = null;
    this.#process.kill('SIGUSR1');
    const { received, dropped } = await this.#until(() => this.#stats);
    await this.#until(() => this.#seen >= received - dropped);
    const frames = dropped - this.#reported;
    this.#reported = dropped;
    if (frames > 0) throw new AgentError({ code: 'capture-overflow', params: { iface: this.iface, frames } });
  }

  async stop(): Promise<void> {
    const closed = this.running ? once(this.#process, 'close') : null;
    this.#process.kill('SIGKILL');
    await closed;
  }

  #end(): void {
    this.running = false;
    this.#changed();
  }

  #readStats(): void {
    const found = STATS.exec(this.#stderr);
    if (!found) return;
    this.#stderr = this.#stderr.slice(found.index + found[0].length);
    this.#stats = { received: Number(found[1]), dropped: Number(found[2]) };
  }

  async #until<T>(found: () => T | null | false): Promise<T> {
    const already = found();
    if (already) return already;
    const printed = (): { iface: string; output: string } => ({ iface: this.iface, output: this.#stderr.trim() });
    return new Promise<T>((resolve, reject) => {
      const end = (outcome: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        outcome();
      };
      const look = (): void => {
        const now = found();
        if (now) end(() => resolve(now));
        else if (!this.running) end(() => reject(new AgentError({ code: 'capture-ended', params: printed() })));
      };
      const timer = setTimeout(
        () =>
          end(() => reject(new AgentError({ code: 'capture-late', params: { ...printed(), seconds: DEADLINE_S } }))),
        DEADLINE_S * 1000,
      );
      this.#waiting.add(look);
    });
  }

  #changed(): void {
    for (const look of this.#waiting) look();
  }
}

function tcpdump(program: string, iface: string) {
  const options = ['-w', '-', '-U', '--immediate-mode', '--time-stamp-precision=nano', '-s', String(SNAP_LENGTH), '-n'];
  return spawn(program, ['-i', iface, ...options, '-Z', 'root'], { stdio: ['ignore', 'pipe', 'pipe'] });
}
