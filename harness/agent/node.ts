import { host } from '../scenario/address.ts';
import type { NodePlan } from '../terms/plan.ts';
import type { Balancer } from './balancers/balancer.ts';
import { BALANCERS } from './balancers/kinds.ts';
import { Capture } from './capture.ts';
import { conntrackCounters, kernelCounters, nftCounters } from './counters.ts';
import { fire } from './fire.ts';
import { listen, type Listening } from './listen.ts';
import { learnNeighbours } from './learn-neighbours.ts';
import { macTable } from './mac-table.ts';
import { apply, fingerprint, makesRules, nftTables, undo, wire, type Applied } from './namespace.ts';
import { runToEnd } from './program.ts';
import type { Calls, FromAgent, Method } from './protocol.ts';
import { routeGet } from './route-get.ts';
import { Stream } from './stream.ts';
import { answerAt, silentEnds, type Answering } from './try-wire.ts';
import { wallClock } from './wall-clock.ts';

/** What an agent can be asked to do; it holds whatever must be ended again. */
export class Node {
  #captures = false;
  #answering: Answering | null = null;
  /** Interfaces that the plan has, and that are captured therefore. */
  #inUse: string[] = [];
  #running: Capture[] = [];
  #listeners: Listening[] = [];
  #applied: Applied | null = null;
  /** Of nftables, when nothing was configured yet. */
  #tables = '';
  #balancer: Balancer | null = null;
  readonly #fires = new Map<string, AbortController>();
  readonly #streams = new Map<string, Stream>();

  constructor(
    private readonly emit: (message: FromAgent) => void,
    private readonly onDetach: () => void,
  ) {}

  readonly calls: { [M in Method]: (params: Calls[M]['params']) => Promise<Calls[M]['result']> } = {
    answerAt: async (params) => {
      this.#answering = await answerAt(params);
      return this.#answering.ends;
    },
    silentEnds: ({ ends, timeoutMs, ...params }) => silentEnds(params, ends, timeoutMs),
    wire: async (params) => {
      this.#answering?.close();
      this.#answering = null;
      await wire(params);
      this.#captures = params.captures;
      this.#tables = await nftTables();
      return { fingerprint: await fingerprint({ tables: this.#tables }) };
    },
    configure: async ({ node }) => {
      this.#inUse = this.#captures ? node.interfaces.flatMap(({ name, peer }) => (peer === '' ? [] : [name])) : [];
      await this.#capture();
      this.#applied = await apply(node);
      await this.#capture();
      await this.#listen(node);
      return null;
    },
    startBalancer: async ({ balancer: { kind, config } }) => {
      if (this.#balancer?.running) await this.#balancer.reload(config);
      else this.#balancer = await BALANCERS[kind](config, (line) => this.emit({ event: 'log', line }));
      return null;
    },
    startPair: () => Promise.reject(new Error('not yet')),
    stopPair: () => Promise.reject(new Error('not yet')),
    pairState: () => Promise.reject(new Error('not yet')),
    act: () => Promise.reject(new Error('not yet')),
    learnNeighbours: async ({ neighbours }) => {
      await learnNeighbours(neighbours);
      return null;
    },
    dropConnections: async () => {
      await this.#stopListening();
      if (this.#applied) await this.#listen(this.#applied.node);
      return null;
    },
    serverStates: () => Promise.resolve(this.#balancer?.serverStates() ?? []),
    balancerRules: async () => (await this.#balancer?.describeRules()) ?? '',
    reset: async () => {
      this.#stopStreams();
      // Starting the load balancer costs more than all else that a variant needs: it stays, without services.
      if (this.#balancer?.running) await this.#balancer.clear();
      await this.#stopListening();
      const applied = this.#applied;
      this.#applied = null;
      return { fingerprint: applied ? await undo(applied, this.#tables) : await fingerprint() };
    },
    fire: async (params) => {
      const cancel = new AbortController();
      this.#fires.set(params.token, cancel);
      try {
        return await fire(params, cancel.signal);
      } finally {
        this.#fires.delete(params.token);
      }
    },
    cancel: ({ token }) => {
      this.#fires.get(token)?.abort();
      return Promise.resolve(null);
    },
    clock: () => Promise.resolve(wallClock()),
    startStream: (params) => {
      this.#streams.set(params.name, new Stream(params, (records) => this.emit({ event: 'calls', records })));
      return Promise.resolve(null);
    },
    goOn: ({ stream, step }) => {
      this.#streams.get(stream)?.goOn(step);
      return Promise.resolve(null);
    },
    holdStream: async ({ stream }) => {
      await this.#streams.get(stream)?.hold();
      return null;
    },
    stopStream: ({ stream }) => {
      this.#streams.get(stream)?.stop();
      this.#streams.delete(stream);
      return Promise.resolve(null);
    },
    drain: async () => {
      const inUse = this.#running.filter(({ iface }) => this.#inUse.includes(iface));
      const dropped = await Promise.all(inUse.map((capture) => capture.drain()));
      return { dropped: dropped.reduce((sum, n) => sum + n, 0) };
    },
    counters: async () => {
      const hasRules = this.#applied !== null && makesRules(this.#applied.node);
      return { ...kernelCounters(), ...(hasRules ? { ...(await nftCounters()), ...conntrackCounters() } : {}) };
    },
    macTable,
    routeGet,
    run: ({ argv, input = '' }) => runToEnd(argv, { input }),
    detach: async () => {
      this.onDetach();
      this.#stopStreams();
      for (const capture of this.#running) await capture.stop();
      this.#running = [];
      return null;
    },
  };

  async stop(): Promise<void> {
    this.#stopStreams();
    await this.#balancer?.stop();
    await this.#stopListening();
    await Promise.all(this.#running.map((capture) => capture.stop()));
  }

  /** Sees to it that every interface in use is captured; a capture ends when its interface is taken down. */
  async #capture(): Promise<void> {
    this.#running = this.#running.filter((capture) => capture.running);
    const missing = this.#inUse.filter((name) => !this.#running.some((capture) => capture.iface === name));
    const started = missing.map(
      (iface) => new Capture(iface, (frames) => this.emit({ event: 'frames', iface, frames })),
    );
    this.#running.push(...started);
    await Promise.all(started.map((capture) => capture.started()));
  }

  async #listen(node: NodePlan): Promise<void> {
    const addresses = [...node.interfaces.flatMap((i) => (i.up === false ? [] : i.addresses)), ...node.loopback].map(
      host,
    );
    this.#listeners = await Promise.all(node.listeners.map((plan) => listen(node.name, plan, addresses)));
  }

  #stopStreams(): void {
    for (const stream of this.#streams.values()) stream.stop();
    this.#streams.clear();
  }

  async #stopListening(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    this.#listeners = [];
  }
}
