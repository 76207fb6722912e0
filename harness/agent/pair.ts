import { constants, openSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { NodePlan, PairPlan } from '../terms/plan.ts';
import { conntrackdConfig, PAIR_FOLDER, SYNC_SYSCTLS } from './conntrackd.ts';
import { Daemon } from './programs/daemon.ts';
import { keepalivedConfig, QUIET_TABLE, quietRules, stateIn } from './keepalived.ts';
import { writeSysctls } from './namespace.ts';
import { program } from './programs/program.ts';
import type { PairState } from './protocol.ts';

const FIFO = `${PAIR_FOLDER}/states`;
const VRRP_CONFIG = `${PAIR_FOLDER}/keepalived.conf`;
const SYNC_CONFIG = `${PAIR_FOLDER}/conntrackd.conf`;

/** Callbacks for a pair member. */
interface PairListener {
  log: (line: string) => void;
  state: (state: PairState) => void;
}

/** A member of a pair: keepalived, and conntrackd if the pair synchronizes connections. */
export class PairMember {
  #state: PairState | null = null;
  /** Previous settings. */
  #sysctls: [string, string][] = [];

  private constructor(
    readonly pair: PairPlan,
    private readonly daemons: Daemon[],
    private readonly states: Socket,
  ) {}

  /** Starts it and waits until it has a state. @throws AgentError with the programs' output */
  static async start(pair: PairPlan, node: NodePlan, listener: PairListener): Promise<PairMember> {
    await rm(PAIR_FOLDER, { recursive: true, force: true });
    await mkdir(PAIR_FOLDER, { recursive: true });
    await writeFile(VRRP_CONFIG, keepalivedConfig(pair, node.name, FIFO));
    if (!pair.gratuitousArp) await program(['nft', '-f', '-'], quietRules(pair, node.name));
    const states = await openFifo();
    const daemons: Daemon[] = [];
    if (pair.sync === 'conntrackd') {
      await writeFile(SYNC_CONFIG, conntrackdConfig(pair, node));
      daemons.push(new Daemon(['conntrackd', '-C', SYNC_CONFIG], listener.log));
    }
    // Foreground, same process group, VRRP only, log to console instead of syslog.
    const vrrp = ['-n', '-R', '-P', '-l', '-G', '-f', VRRP_CONFIG, '-p', `${PAIR_FOLDER}/keepalived.pid`];
    const keepalived = new Daemon(['keepalived', ...vrrp, '-r', `${PAIR_FOLDER}/vrrp.pid`], listener.log);
    daemons.push(keepalived);
    const member = new PairMember(pair, daemons, states);
    createInterface({ input: states }).on('line', (line) => {
      const state = stateIn(line);
      if (state === null) return;
      member.#state = state;
      listener.state(state);
      keepalived.changed();
    });
    try {
      if (pair.sync === 'conntrackd') member.#sysctls = writeSysctls(SYNC_SYSCTLS);
      await keepalived.until('a state in VRRP', () => member.#state !== null);
    } catch (error) {
      await member.kill();
      throw error;
    }
    return member;
  }

  /** `fault` also if the process is gone. */
  get state(): PairState {
    return this.daemons.every(({ running }) => running) ? (this.#state ?? 'fault') : 'fault';
  }

  /** Stops it cleanly: a master releases its addresses and announces this immediately. */
  async stop(): Promise<void> {
    for (const daemon of this.daemons.toReversed()) await daemon.stop();
    await this.#leave();
  }

  /** Kills it: its addresses stay. */
  async kill(): Promise<void> {
    await Promise.all(this.daemons.map((daemon) => daemon.kill()));
    await this.#leave();
  }

  async #leave(): Promise<void> {
    this.states.destroy();
    writeSysctls(Object.fromEntries(this.#sysctls));
    if (!this.pair.gratuitousArp) await program(['nft', 'delete', 'table', ...QUIET_TABLE.split(' ')]);
  }
}

/** Opened for writing too, so that it never reports end of file and opening does not block. */
async function openFifo(): Promise<Socket> {
  await program(['mkfifo', FIFO]);
  const fd = openSync(FIFO, constants.O_RDWR | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}
