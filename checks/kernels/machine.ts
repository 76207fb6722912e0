import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { L4labError } from '../../harness/errors.ts';
import type { Disk, Kernel } from './disk.ts';

/** An emulated machine takes a minute on an idle host. */
const BOOT_DEADLINE_MS = 600_000;
/** Time until a hardware-accelerated kernel must have written to its console. */
const FIRST_WORD_MS = 20_000;
const POLL_MS = 1000;

/** Services that a short-lived machine does not need and would run first. */
const UNWANTED = ['apt-daily', 'apt-daily-upgrade', 'dpkg-db-backup', 'e2scrub_all', 'fstrim'].map(
  (name) => `systemd.mask=${name}.timer`,
);

type Accelerator = 'kvm' | 'tcg';
const ACCELERATION: Record<Accelerator, string[]> = {
  kvm: ['-accel', 'kvm', '-cpu', 'host'],
  tcg: ['-accel', 'tcg,thread=multi,tb-size=1024', '-cpu', 'max'],
};

export interface Boot {
  disk: Disk;
  kernel: Kernel;
  /** File system mounted at /files, read-only. */
  files: string;
  /** File for the output of its serial console. */
  console: string;
  signal: AbortSignal;
}

/** A virtual machine. It ends with `off`, and in any case with this process. */
export class Machine {
  readonly #qemu: ChildProcess;
  readonly #boot: Boot;
  readonly #port: number;

  private constructor(
    readonly accelerator: Accelerator,
    boot: Boot,
    { qemu, port }: { qemu: ChildProcess; port: number },
  ) {
    this.#boot = boot;
    this.#qemu = qemu;
    this.#port = port;
  }

  /**
   * Boots a machine and waits until it accepts logins. Uses hardware acceleration if possible; emulation is many times
   * slower.
   * @throws L4labError if it does not start
   */
  static async boot(options: Boot): Promise<Machine> {
    if (mayUseKvm()) {
      const machine = await Machine.#start(options, 'kvm');
      // Some machines' /dev/kvm runs only some kernels.
      if (await machine.#speaks()) return machine.#untilUp();
      await machine.off();
    }
    return (await Machine.#start(options, 'tcg')).#untilUp();
  }

  static async #start(options: Boot, accelerator: Accelerator): Promise<Machine> {
    const { disk, kernel, files, console: output } = options;
    const port = await freePort();
    const drive = (file: string, mode: string) => ['-drive', `file=${file},format=raw,if=virtio,cache=unsafe,${mode}`];
    const args = [
      ...ACCELERATION[accelerator],
      ...['-smp', '2', '-m', '6144', '-display', 'none', '-no-reboot', '-serial', `file:${output}`, '-monitor', 'none'],
      ...['-kernel', kernel.vmlinuz, '-initrd', kernel.initrd],
      // Mitigations are useless here, and especially slow under emulation.
      ...['-append', ['root=/dev/vda rw console=ttyS0 panic=1 net.ifnames=0 mitigations=off', ...UNWANTED].join(' ')],
      // Writes are discarded with the machine.
      ...drive(disk.image, 'snapshot=on'),
      ...drive(files, 'readonly=on'),
      ...['-device', 'virtio-rng-pci', '-device', 'virtio-net-pci,netdev=n0'],
      ...['-netdev', `user,id=n0,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ];
    closeSync(openSync(output, 'w'));
    // The machine always ends with this process.
    const command = ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args];
    // In a separate group, because Ctrl-C is for this process; errors of KVM are irrelevant, since emulation follows.
    const stderr = accelerator === 'kvm' ? 'ignore' : 'inherit';
    const qemu = spawn('setpriv', command, { stdio: ['ignore', 'ignore', stderr], detached: true });
    qemu.on('error', () => undefined);
    return new Machine(accelerator, options, { qemu, port });
  }

  async #speaks(): Promise<boolean> {
    const deadline = performance.now() + FIRST_WORD_MS;
    while (this.#runs() && performance.now() < deadline && !this.#boot.signal.aborted) {
      if (this.#console() !== '') return true;
      await delay(POLL_MS / 10);
    }
    return false;
  }

  async #untilUp(): Promise<this> {
    const deadline = performance.now() + BOOT_DEADLINE_MS;
    try {
      while ((await this.run('true', { user: 'root' })).exitCode !== 0) {
        this.#boot.signal.throwIfAborted();
        if (!this.#runs()) throw this.#failed('ended while it booted');
        if (performance.now() > deadline) throw this.#failed(`cannot be entered after ${BOOT_DEADLINE_MS / 1000} s`);
        await delay(POLL_MS);
      }
      return this;
    } catch (error) {
      await this.off();
      throw error;
    }
  }

  #failed(what: string): L4labError {
    const end = this.#console().trimEnd().split('\n').slice(-8).join('\n  ');
    return new L4labError(
      'machine-failed',
      `The machine with kernel ${this.#boot.kernel.release} ${what}. The end of its console:\n  ${end}`,
    );
  }

  #console(): string {
    return readFileSync(this.#boot.console, 'utf8');
  }

  #runs(): boolean {
    return this.#qemu.pid !== undefined && this.#qemu.exitCode === null && this.#qemu.signalCode === null;
  }

  /** Arguments for ssh to log into the machine. */
  entry(user: string): string[] {
    const options = {
      StrictHostKeyChecking: 'no',
      UserKnownHostsFile: '/dev/null',
      ConnectTimeout: '20',
      LogLevel: 'ERROR',
    };
    const settings = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    return ['-i', this.#boot.disk.key, '-p', String(this.#port), ...settings, `${user}@127.0.0.1`];
  }

  /** Runs a shell command in the machine and returns its stdout; `log`: file for all output. */
  async run(command: string, { user, log = '/dev/null' }: { user: string; log?: string }) {
    const { exitCode, stdout } = await execa('ssh', [...this.entry(user), command], {
      stdin: 'ignore',
      stdout: ['pipe', { file: log }],
      stderr: { file: log },
      reject: false,
      cancelSignal: this.#boot.signal,
      // Otherwise execa would end this process on an interrupt before it has cleaned up.
      cleanup: false,
    });
    this.#boot.signal.throwIfAborted();
    return { exitCode, stdout };
  }

  /** Kills the machine, like a power failure. */
  async off(): Promise<void> {
    if (!this.#runs()) return;
    const ended = new Promise((resolve) => this.#qemu.once('exit', resolve));
    this.#qemu.kill('SIGKILL');
    await ended;
  }
}

function mayUseKvm(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
