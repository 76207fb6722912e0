import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { AgentError } from '../programs/agent-error.ts';
import type { Balancer, ServerState, BalancerListener } from './balancer.ts';
import type { LbConfig } from '../../../lb/terms/config.ts';
import { joinServices } from '../../../lb/terms/split-services.ts';
import { program } from '../programs/program.ts';

const PROGRAM = '/opt/l4lab/start.sh';
const CONFIG = '/run/l4lab/lb.json';
/** Its table in each family of nftables. */
const TABLE = 'l4lab';
const NO_SERVICES: LbConfig = { version: 1, vipOwner: true, services: [] };
/** Shorter than the harness's timeout, so that the error contains the log. */
const READY_DEADLINE_MS = 50_000;
const STOP_DEADLINE_MS = 5000;

/** The fields of a log line that the harness reads. */
type LogEntry = { event?: string; code?: string; message?: string; service?: string; server?: string; up?: boolean };

/** The included load balancer (lb/). Configuration changes are reloads. */
export class L4labBalancer implements Balancer {
  readonly #process = spawn(PROGRAM, ['lb', '--config', CONFIG], { stdio: ['ignore', 'pipe', 'pipe'] });
  readonly #log: string[] = [];
  readonly #states = new Map<string, ServerState>();
  #listener: (entry: LogEntry) => void = () => undefined;
  #running = true;

  private constructor(private readonly listener: BalancerListener) {
    const take = (line: string): void => {
      this.#log.push(line);
      listener.log(line);
      const entry = parse(line);
      this.#note(entry);
      this.#listener(entry);
    };
    for (const input of [this.#process.stdout, this.#process.stderr]) createInterface({ input }).on('line', take);
    const end = (): void => {
      this.#running = false;
      this.#listener({ event: 'ended' });
    };
    this.#process.on('close', end);
    this.#process.on('error', ({ message }) => {
      take(message);
      end();
    });
  }

  static async start(config: unknown, listener: BalancerListener): Promise<L4labBalancer> {
    await writeConfig(config);
    const balancer = new L4labBalancer(listener);
    await balancer.#until('ready');
    return balancer;
  }

  get running(): boolean {
    return this.#running;
  }

  async reload(config: unknown): Promise<void> {
    this.#log.length = 0;
    this.#states.clear();
    await writeConfig(config);
    this.#process.kill('SIGHUP');
    await this.#until('reloaded');
  }

  async clear(): Promise<void> {
    await this.reload(NO_SERVICES);
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    const closed = once(this.#process, 'close');
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_DEADLINE_MS);
    await closed;
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    if (!this.#running) return;
    const closed = once(this.#process, 'close');
    this.#process.kill('SIGKILL');
    await closed;
  }

  /** Flows of direct modes are in nft maps. */
  async forgetFlows(): Promise<void> {
    const { nftables } = JSON.parse(await program(['nft', '-j', '-t', 'list', 'maps'])) as {
      nftables: { map?: { family: string; table: string; name: string } }[];
    };
    const flows = nftables.flatMap(({ map }) =>
      map?.table === TABLE && /^(flows|closing)\./.test(map.name)
        ? [`flush map ${map.family} ${TABLE} ${map.name}\n`]
        : [],
    );
    if (flows.length > 0) await program(['nft', '-f', '-'], flows.join(''));
  }

  serverStates(): ServerState[] {
    return [...this.#states.values()];
  }

  describeRules(tables: 'listed' | 'named'): Promise<string> {
    return program(['nft', ...(tables === 'named' ? ['-t'] : []), 'list', 'ruleset']);
  }

  #note({ event, service, server, up }: LogEntry): void {
    if (event !== 'server-state' || service === undefined || server === undefined || up === undefined) return;
    const state = { service, server, up };
    this.#states.set(`${service} ${server}`, state);
    this.listener.serverState(state);
  }

  async #until(event: string): Promise<void> {
    const log = (): string => this.#log.join('\n');
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#process.kill('SIGKILL');
        const params = { awaited: event, seconds: READY_DEADLINE_MS / 1000, log: log() };
        reject(new AgentError({ code: 'balancer-late', params }));
      }, READY_DEADLINE_MS);
      this.#listener = (entry) => {
        if (entry.event === event) resolve();
        else if (entry.event === 'error') {
          const params = { error: entry.message ?? '', code: entry.code ?? null };
          reject(new AgentError({ code: 'balancer-failed', params }));
        } else if (entry.event === 'ended') {
          reject(new AgentError({ code: 'balancer-ended', params: { awaited: event, log: log() } }));
        } else return;
        clearTimeout(timer);
      };
    });
  }
}

async function writeConfig(config: unknown): Promise<void> {
  await mkdir(dirname(CONFIG), { recursive: true });
  await writeFile(CONFIG, JSON.stringify(joinServices(config as LbConfig), null, 2));
}

/** Lines that are not JSON events are only for people. */
function parse(line: string): LogEntry {
  try {
    return JSON.parse(line) as LogEntry;
  } catch {
    return {};
  }
}
