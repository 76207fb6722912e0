import type { FireParams, FireResult, Method, Query } from '../agent/protocol.ts';
import { flow, plan } from '../model/testing/lab-builder.ts';
import { oneArm, VIP_A } from '../model/testing/labs.ts';
import { predict } from '../model/predict.ts';
import { Recorder, type Captured } from '../observe/recorder.ts';
import { onTheWires, resetBy } from '../observe/testing/wires.ts';
import { runAttempt } from './attempt.ts';
import type { PooledLab } from './lab-pool.ts';

const lab = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s2'] } } }));
const called = flow(lab, 'client', 'a');
const walk = predict(lab, called)[0]!;
const MAY_FAIL = { countersBefore: () => Promise.resolve({}), predicted: [] };
const UNANSWERED: FireResult = { answered: false, outcome: 'no-answer', answer: null };

/** A lab whose captures and agents are in the test's hands. */
class ScriptedLab {
  readonly recorder = new Recorder();
  readonly #ends = new Map<string, (result: FireResult) => void>();

  /**
   * @param onFire what happens when the caller fires
   * @param onDrain what happens until the captures have been read for the n-th time, n from 1
   */
  constructor(
    private readonly onFire: (params: FireParams) => void,
    private readonly onDrain: (time: number, end: (result: FireResult) => void) => Promise<void> | void,
  ) {}

  hands(frames: Captured[]): void {
    for (const { time, node, iface, raw } of frames) {
      this.recorder.add(node, iface, [[String(time), Buffer.from(raw, 'base64').length, raw]]);
    }
  }

  /** Ends one call, or all that have not ended. */
  ends(result: FireResult, call?: FireParams): void {
    for (const [token, end] of this.#ends) if (call === undefined || call.token === token) end(result);
  }

  get pooled(): PooledLab {
    let drains = 0;
    const call = (method: Method, params: unknown): Promise<unknown> => {
      const { token } = params as FireParams;
      if (method === 'cancel') this.#ends.get(token)!(UNANSWERED);
      if (method !== 'fire') return Promise.resolve(null);
      return new Promise<FireResult>((resolve) => {
        this.#ends.set(token, resolve);
        this.onFire(params as FireParams);
      });
    };
    const nothing = { macTable: {}, counters: {}, serverStates: [], routeGet: 'routed' };
    const agent = { call, ask: (query: Query) => Promise.resolve(nothing[query]) };
    const drain = (): Promise<void> => Promise.resolve(this.onDrain(++drains, (result) => this.ends(result)));
    return { lab: { node: () => agent, drain }, recorder: this.recorder } as unknown as PooledLab;
  }
}

test('packets seen by only some captures so far do not count as lost', async () => {
  let frames: Captured[] = [];
  const at = (...nodes: string[]): Captured[] => frames.filter(({ node }) => nodes.includes(node));
  const scripted: ScriptedLab = new ScriptedLab(
    ({ sourcePort }) => {
      const port = walk.request[0]!.src.port!;
      const handshake = onTheWires(lab, withPort(walk, port, sourcePort), { seq: 1000, begins: 1_000_000 });
      frames = [...handshake, ...resetBy(lab, handshake.at(-1)!)];
      scripted.hands(at('client'));
    },
    (time) => scripted.hands([[], at('s2'), at('l3', 'l2', 'l4')][time] ?? []),
  );
  const { cause } = await runAttempt(called, lab, scripted.pooled, MAY_FAIL);
  expect(cause).toMatchObject({ code: 'reply-not-from-vip', node: 'client' });
});

test('a caller that was paused during silence gets time to continue', async () => {
  const answer = { token: '', server: 's2', peer: '198.51.100.10 20000', local: '203.0.113.12 80' };
  const stoodStill = 700;
  const scripted = new ScriptedLab(
    () => undefined,
    async (time, end) => {
      if (time > 1) return;
      await new Promise((resolve) => setTimeout(resolve, stoodStill));
      setTimeout(() => end({ answered: true, outcome: '200', answer }), stoodStill / 2);
    },
  );
  const { outcome } = await runAttempt(called, lab, scripted.pooled, MAY_FAIL);
  expect(outcome).toBe('works');
});

describe('a call that vanishes at a router, as predicted', () => {
  const dead = plan(
    oneArm({
      services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s2'] } },
      nodes: { l3: { forwarding: false } },
    }),
  );
  const doomed = flow(dead, 'client', 'a');
  const predicted = predict(dead, doomed);
  const { request } = predicted[0]!;
  const vanishes = (scripted: ScriptedLab, { sourcePort }: FireParams): void => {
    const sent = withPort({ ...walk, request, reply: [] }, request[0]!.src.port!, sourcePort);
    scripted.hands(onTheWires(dead, sent, { seq: sourcePort, begins: Date.now() * 1e6 }));
  };

  test('is decided once another one, from another port, has vanished there too', async () => {
    const ports: number[] = [];
    const scripted: ScriptedLab = new ScriptedLab(
      (params) => {
        ports.push(params.sourcePort);
        vanishes(scripted, params);
      },
      () => undefined,
    );
    const mayFail = { ...MAY_FAIL, predicted };
    const { cause, packets } = await runAttempt(doomed, dead, scripted.pooled, mayFail);
    expect(cause).toMatchObject({ code: 'not-forwarding', node: 'l3' });
    expect(new Set(ports).size).toBe(2);
    expect(packets.map(({ node }) => node)).toEqual(['client', 'l3']);
  });

  test('is retried if one of several others works', async () => {
    const two = plan(
      oneArm({
        services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s1', 's2'] } },
        nodes: { l3: { forwarding: false } },
      }),
    );
    let calls = 0;
    const answered: FireResult = { answered: true, outcome: '200', answer: null };
    const scripted: ScriptedLab = new ScriptedLab(
      (params) => {
        calls += 1;
        if (calls < 3) vanishes(scripted, params);
        else setTimeout(() => scripted.ends(answered, params), 1);
        // The first one is answered at last, long after the others have shown what they can.
        if (calls === 1) setTimeout(() => scripted.ends(answered), 800);
      },
      () => undefined,
    );
    const mayFail = { ...MAY_FAIL, predicted: predict(two, flow(two, 'client', 'a')) };
    const { outcome } = await runAttempt(flow(two, 'client', 'a'), two, scripted.pooled, mayFail);
    expect({ outcome, calls }).toEqual({ outcome: 'works', calls: 3 });
  });

  test('waits for its own retransmission if no other call would soon reach the same server', async () => {
    const pool = ['s1', 's2', 'b1', 's3', 's4'];
    const sketch = oneArm({ services: { a: { vip: VIP_A, mode: 'dsr', pool } } });
    const more = ['s3', 's4'].map((name, i) => [
      name,
      { ...sketch.nodes['s1']!, interfaces: { l2: `203.0.113.${31 + i}/24` } },
    ]);
    const large = plan({
      ...sketch,
      nodes: { ...sketch.nodes, ...(Object.fromEntries(more) as typeof sketch.nodes) },
      links: [...sketch.links, ['s3', 'l2'], ['s4', 'l2']],
    });
    const one = flow(large, 'client', 'a');
    const [first] = predict(large, one);
    let calls = 0;
    const answered: FireResult = { answered: true, outcome: '200', answer: null };
    const scripted: ScriptedLab = new ScriptedLab(
      ({ sourcePort }) => {
        calls += 1;
        const sent = withPort({ ...walk, ...first!, reply: [] }, first!.request[0]!.src.port!, sourcePort);
        scripted.hands(onTheWires(large, sent, { seq: sourcePort, begins: Date.now() * 1e6 }));
        setTimeout(() => scripted.ends(answered), 800);
      },
      () => undefined,
    );
    const { outcome } = await runAttempt(one, large, scripted.pooled, { ...MAY_FAIL, predicted: predict(large, one) });
    expect({ cause: first!.cause?.code, outcome, calls }).toEqual({
      cause: 'vip-not-on-server',
      outcome: 'works',
      calls: 1,
    });
  });

  test('is retried if another one works', async () => {
    let calls = 0;
    const answered: FireResult = { answered: true, outcome: '200', answer: null };
    const scripted: ScriptedLab = new ScriptedLab(
      (params) => {
        calls += 1;
        if (calls === 1) vanishes(scripted, params);
        else setTimeout(() => scripted.ends(answered), 1);
      },
      () => undefined,
    );
    const { outcome } = await runAttempt(doomed, dead, scripted.pooled, { ...MAY_FAIL, predicted });
    expect({ outcome, calls }).toEqual({ outcome: 'works', calls: 2 });
  });
});

function withPort({ request, reply }: typeof walk, from: number, to: number): typeof walk {
  const end = <T extends { port: number | null }>(at: T): T => ({ ...at, port: at.port === from ? to : at.port });
  const moved = (hops: typeof request): typeof request =>
    hops.map((hop) => ({ ...hop, src: end(hop.src), dst: end(hop.dst) }));
  return { ...walk, request: moved(request), reply: moved(reply) };
}
