import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LbError } from '../errors.ts';
import { run } from './run.ts';

/**
 * An `nft` in its interactive mode, which stays from one change to the next: a fresh one takes several times as long for
 * a change of a large ruleset, and this process some time to start it. Like a fresh one, it looks at the kernel's rules
 * before each change. Where there is none, or not yet, each script has an `nft` of its own.
 */
export class StandingNft {
  #session: Session | null = null;
  #isUsable = true;

  /** Starts it if it does not run, unless it has shown that it cannot (this `nft` may have no interactive mode). */
  prepare(): void {
    if (this.#session?.hasEnded) {
      this.#isUsable = !this.#session.isRefused;
      this.#session = null;
    } else if (this.#session?.isUsedUp) {
      this.#session.end();
      this.#session = null;
    }
    if (this.#isUsable) this.#session ??= openSession();
  }

  /**
   * Loads a script, as one transaction.
   * @throws {LbError} `nft-failed`, with the kernel's rules as they were.
   */
  async load(script: string): Promise<void> {
    await (this.#session?.send(script) ?? run('nft-failed', 'nft', ['-f', '-'], script));
  }

  end(): void {
    this.#session?.end();
  }
}

/**
 * It gets scripts as its file 3: input that is cut short by the end of this process does no harm then, as half a script
 * might. Only the end of its input is to end it, not what a terminal or a service manager tells all processes. Its errors
 * come where the mark comes, so that they are read before.
 */
const COMMAND = `trap '' INT TERM; exec nft -i 2>&1`;
const INCLUDE = 'include "/proc/self/fd/3"\n';
/** A command that changes nothing, and what it prints: what came before it is done then. */
const MARK = { command: 'describe ipv4_addr\n', printed: /^datatype ipv4_addr .*\n/m };

/** It keeps some 200 bytes of each script, as its history. */
const MOST_SCRIPTS = 10_000;

/** Null where no file can be made or opened. */
function openSession(): Session | null {
  try {
    const path = join(tmpdir(), `l4lab-lb-${process.pid}-${Date.now()}.nft`);
    const file = openSync(path, 'wx', 0o600);
    unlinkSync(path);
    return new Session(file);
  } catch {
    return null;
  }
}

class Session {
  readonly #file: number;
  readonly #child: ChildProcess;
  #said = '';
  #answer: { resolve: () => void; reject: (error: LbError) => void } | null = null;
  #isClosed = false;
  #isReady = false;
  #scripts = 0;
  hasEnded = false;
  /** Whether it has ended by itself before it could take anything. */
  isRefused = false;

  /** `file` is where scripts are written; closed with the session. */
  constructor(file: number) {
    this.#file = file;
    // Its history is none of the user's.
    const env = { ...process.env, HOME: '/dev/null' };
    this.#child = spawn('sh', ['-c', COMMAND], { stdio: ['pipe', 'pipe', 'ignore', file], env });
    this.#child.on('error', () => this.#close('it cannot be run'));
    this.#child.on('exit', (status) => {
      this.hasEnded = true;
      this.isRefused = status !== null && !this.#isReady;
    });
    this.#child.on('close', (status, signal) => this.#close(`ended with ${signal ?? status}`));
    // Where this process may open no more files there are no pipes, and an error is all that comes.
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#hear(chunk.toString()));
    // That it has ended is heard of by itself.
    this.#child.stdin?.on('error', () => undefined);
    this.#ask(MARK.command).then(
      () => (this.#isReady = true),
      () => undefined,
    );
  }

  get isUsedUp(): boolean {
    return this.#scripts >= MOST_SCRIPTS;
  }

  /** Resolves when the script is in force; null where it can take none. */
  send(script: string): Promise<void> | null {
    if (!this.#isReady || this.hasEnded || this.#answer !== null) return null;
    try {
      writeFileSync(`/proc/self/fd/${this.#file}`, script);
    } catch {
      return null;
    }
    this.#scripts += 1;
    return this.#ask(`${INCLUDE}${MARK.command}`);
  }

  end(): void {
    this.#child.stdin?.end();
  }

  #ask(input: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
      this.#child.stdin?.write(input);
    });
  }

  #hear(text: string): void {
    this.#said += text;
    const mark = MARK.printed.exec(this.#said);
    if (mark === null) return;
    const before = this.#said.slice(0, mark.index);
    this.#said = this.#said.slice(mark.index + mark[0].length);
    const answer = this.#answer;
    this.#answer = null;
    if (before.includes('Error: ')) answer?.reject(new LbError('nft-failed', `nft -i: ${before.trim()}`));
    else answer?.resolve();
  }

  #close(how: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.hasEnded = true;
    closeSync(this.#file);
    this.#answer?.reject(new LbError('nft-failed', `nft -i: ${this.#said.trim()} ${how}`));
  }
}
