import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LbError } from '../terms/errors.ts';
import { requireDescriptorsForChild } from './descriptors-for-child.ts';
import { ProgramDied, run } from './run.ts';

/**
 * An `nft` in interactive mode that is reused for all changes: starting a new one takes several times as long for a
 * change of a large ruleset, and forking takes this process time too. Like a new one, it reads the kernel's rules
 * before each change. If it is missing or not ready, each script runs in a separate `nft`.
 */
export class NftSession {
  #process: NftProcess | null = null;
  #isUsable = true;

  /** Starts it if it is not running, unless it has already failed (this `nft` may have no interactive mode). */
  prepare(): void {
    if (this.#process?.hasEnded) {
      this.#isUsable = !this.#process.isUnusable;
      this.#process = null;
    } else if (this.#process?.isUsedUp) {
      this.#process.end();
      this.#process = null;
    }
    if (this.#isUsable) this.#process ??= startProcess();
  }

  /**
   * Loads a script in one transaction.
   * @throws {LbError} `nft-failed`, with the kernel's rules unchanged; `ProgramDied` if `nft` died: the script was then
   * applied either completely or not at all.
   */
  async load(script: string): Promise<void> {
    await (this.#process?.load(script) ?? run('nft-failed', 'nft', ['-f', '-'], script));
  }

  end(): void {
    this.#process?.end();
  }
}

/**
 * Scripts are passed as file descriptor 3: if this process dies, an incomplete script on stdin could be applied in
 * part. Only the end of its input may stop it, not the signals that a terminal or a service manager sends to every
 * process. Errors go to stdout, so that they arrive before the marker.
 */
const COMMAND = `trap '' INT TERM; exec nft -i 2>&1`;
const INCLUDE = 'include "/proc/self/fd/3"\n';
/** A command without effect and its output: when it appears, everything before it has been processed. */
const MARK = { command: 'describe ipv4_addr\n', output: /^datatype ipv4_addr .*\n/m };

/** `nft` keeps about 200 bytes of each script in its history. */
const MAX_SCRIPTS = 10_000;

/** Null if no file can be created or opened. */
function startProcess(): NftProcess | null {
  try {
    requireDescriptorsForChild();
    const path = join(tmpdir(), `l4lab-lb-${process.pid}-${Date.now()}.nft`);
    const file = openSync(path, 'wx', 0o600);
    unlinkSync(path);
    return new NftProcess(file);
  } catch {
    return null;
  }
}

class NftProcess {
  readonly #file: number;
  readonly #child: ChildProcess;
  #output = '';
  #pending: { resolve: () => void; reject: (error: LbError) => void } | null = null;
  #isClosed = false;
  #isReady = false;
  #sent = 0;
  hasEnded = false;
  /** Whether a restart would fail too: it exited before it accepted a script, or died on its first one. */
  isUnusable = false;

  /** `file`: descriptor that scripts are written to; closed with the process. */
  constructor(file: number) {
    this.#file = file;
    // Avoids the user's history file.
    const env = { ...process.env, HOME: '/dev/null' };
    this.#child = spawn('sh', ['-c', COMMAND], { stdio: ['pipe', 'pipe', 'ignore', file], env });
    this.#child.on('error', () => this.#close('cannot be run'));
    this.#child.on('exit', () => (this.hasEnded = true));
    this.#child.on('close', (status, signal) => {
      const isExit = !this.#isReady && status !== null;
      this.isUnusable = isExit || (this.#sent === 1 && this.#pending !== null);
      this.#close(`ended with ${signal ?? status}`);
    });
    // Without free file descriptors there are no pipes, and `error` is the only event.
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#receive(chunk.toString()));
    // `close` reports that it has ended.
    this.#child.stdin?.on('error', () => undefined);
    this.#send(MARK.command).then(
      () => (this.#isReady = true),
      () => undefined,
    );
  }

  get isUsedUp(): boolean {
    return this.#sent >= MAX_SCRIPTS;
  }

  /** Resolves when the script has been applied; null if the process cannot accept one. */
  load(script: string): Promise<void> | null {
    if (!this.#isReady || this.hasEnded || this.#pending !== null) return null;
    try {
      writeFileSync(`/proc/self/fd/${this.#file}`, script);
    } catch {
      return null;
    }
    this.#sent += 1;
    return this.#send(`${INCLUDE}${MARK.command}`);
  }

  end(): void {
    this.#child.stdin?.end();
  }

  #send(input: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#child.stdin?.write(input);
    });
  }

  #receive(text: string): void {
    this.#output += text;
    const mark = MARK.output.exec(this.#output);
    if (mark === null) return;
    const before = this.#output.slice(0, mark.index);
    this.#output = this.#output.slice(mark.index + mark[0].length);
    const pending = this.#pending;
    this.#pending = null;
    if (before.includes('Error: ')) pending?.reject(new LbError('nft-failed', `nft -i: ${before.trim()}`));
    else pending?.resolve();
  }

  #close(how: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.hasEnded = true;
    closeSync(this.#file);
    this.#pending?.reject(new ProgramDied('nft-failed', `nft -i ${how}: ${this.#output.trim()}`));
  }
}
