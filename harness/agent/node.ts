import { act } from './act.ts';
import { Capture } from './capture.ts';
import { conntrackCounters, kernelCounters, nftCounters } from './counters.ts';
import { fire } from './fire.ts';
import { learnNeighbours } from './learn-neighbours.ts';
import { Machine } from './machine.ts';
import { macTable } from './mac-table.ts';
import { fingerprint, makesRules, nftTables, wire } from './namespace.ts';
import { runToEnd } from './programs/program.ts';
import type { Calls, FromAgent, Method } from './protocol.ts';
import { routeGet } from './route-get.ts';
import { Stream } from './stream.ts';
import { lowerDevicesOf } from './trunk.ts';
import { answerAt, silentEnds, type Responder } from './try-wire.ts';
import { wallClock } from './wall-clock.ts';

/** Implements the agent's calls, and owns everything that must be stopped. */
export class Node {
  #captures = false;
  #answering: Responder | null = null;
  /** Interfaces in the plan, all captured. */
  #inUse: string[] = [];
  #running: Capture[] = [];
  /** Lower devices of trunks. */
  readonly #lowerDevices: string[] = [];
  /** Set by `wire`. */
  #machine: Machine;
  readonly #fires = new Map<string, AbortController>();
  readonly #streams = new Map<string, Stream>();

  constructor(
    private readonly emit: (message: FromAgent) => void,
    private readonly onDetach: () => void,
  ) {
    this.#machine = new Machine('', [], emit);
  }

  readonly calls: { [M in Method]: (params: Calls[M]['params']) => Promise<Calls[M]['result']> } = {
    answerAt: async (params) => {
      this.#answering = await answerAt(params);
      return this.#answering.ends;
    },
    silentEnds: ({ ends, timeoutMs, ...params }) => silentEnds(params, ends, timeoutMs),
    wire: async (params) => {
      this.#answering?.close();
      this.#answering = null;
      await wire(params.interfaces);
      this.#lowerDevices.push(...lowerDevicesOf(params.interfaces));
      this.#captures = params.captures;
      const tables = await nftTables();
      this.#machine = new Machine(tables, this.#lowerDevices, this.emit);
      return { fingerprint: await fingerprint({ tables }) };
    },
    configure: async ({ node }) => {
      this.#inUse = this.#captures ? node.interfaces.flatMap(({ name, peer }) => (peer === '' ? [] : [name])) : [];
      await this.#capture();
      await this.#machine.configure(node);
      await this.#capture();
      return null;
    },
    startBalancer: async ({ balancer }) => {
      await this.#machine.startBalancer(balancer);
      return null;
    },
    startPair: async ({ pair }) => {
      await this.#machine.startPair(pair);
      return null;
    },
    stopPair: async () => {
      await this.#machine.stopPair();
      return null;
    },
    pairState: () => Promise.resolve(this.#machine.member?.state ?? 'fault'),
    act: async ({ action }) => {
      await act(this.#machine, action);
      await this.#capture();
      return null;
    },
    learnNeighbours: async ({ neighbours }) => {
      await learnNeighbours(neighbours);
      return null;
    },
    noteServicesDown: async ({ services }) => {
      await this.#machine.noteServicesDown(services);
      return null;
    },
    dropConnections: async () => {
      await this.#machine.stopListening();
      await this.#machine.listen();
      return null;
    },
    serverStates: () => Promise.resolve(this.#machine.balancer?.serverStates() ?? []),
    balancerRules: async ({ tables }) => (await this.#machine.balancer?.describeRules(tables)) ?? '',
    reset: async () => {
      this.#stopStreams();
      return { fingerprint: await this.#machine.reset() };
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
    resumeStream: ({ stream, step }) => {
      const at = wallClock();
      this.#streams.get(stream)?.resume(step);
      return Promise.resolve(at);
    },
    pauseStream: async ({ stream }) => {
      await this.#streams.get(stream)?.pause();
      return wallClock();
    },
    stopStream: ({ stream }) => {
      this.#streams.get(stream)?.stop();
      this.#streams.delete(stream);
      return Promise.resolve(null);
    },
    drain: async () => {
      const inUse = this.#running.filter(({ iface }) => this.#inUse.includes(iface));
      await Promise.all(inUse.map((capture) => capture.drain()));
      return null;
    },
    counters: async () => {
      const hasRules = this.#machine.node !== null && makesRules(this.#machine.node);
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
    await this.#machine.stop();
    await Promise.all(this.#running.map((capture) => capture.stop()));
  }

  /** Captures every interface in use; a capture ends when its interface goes down. */
  async #capture(): Promise<void> {
    this.#running = this.#running.filter((capture) => capture.running);
    const missing = this.#inUse.filter((name) => !this.#running.some((capture) => capture.iface === name));
    const started = missing.map(
      (iface) => new Capture(iface, (frames) => this.emit({ event: 'frames', iface, frames })),
    );
    this.#running.push(...started);
    await Promise.all(started.map((capture) => capture.started()));
  }

  #stopStreams(): void {
    for (const stream of this.#streams.values()) stream.stop();
    this.#streams.clear();
  }
}
