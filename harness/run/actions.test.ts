import type { Calls } from '../agent/protocol.ts';
import { pairLab } from '../model/testing/pair-lab.ts';
import type { ActionPlan, StepPlan } from '../terms/plan.ts';
import { Actions } from './actions.ts';

type Act = Calls['act']['params']['action'];

/** Commands to nodes in each step, as text; concurrent ones in the order of node names. */
async function reported(...steps: (ActionPlan[] | Partial<StepPlan>)[]): Promise<string[][]> {
  let output: string[] = [];
  const lab = {
    node: (name: string) => ({
      call: (method: string, params: unknown) => {
        if (method !== 'act') return Promise.resolve(null as never);
        const { action } = params as { action: Act };
        output.push([name, action.do, ...('ifaces' in action ? action.ifaces : []), ...downIn(action)].join(' '));
        return Promise.resolve(null as never);
      },
    }),
    pause: (name: string) => Promise.resolve(void output.push(`pause ${name}`)),
    resume: (name: string) => Promise.resolve(void output.push(`resume ${name}`)),
  };
  const bands = { node: () => undefined, balancer: () => undefined, ask: () => Promise.resolve() };
  const actions = new Actions(pairLab({ steps }), lab, { now: () => 0 }, bands);
  const all: string[][] = [];
  for (const index of steps.keys()) {
    await actions.perform(index);
    all.push(output.sort());
    output = [];
  }
  await actions.restore();
  return output.length > 0 ? [...all, output] : all;
}

/** Interfaces that a node gets as down. */
function downIn(action: Act): string[] {
  const { interfaces = [] } = 'node' in action ? action.node : {};
  const down = interfaces.flatMap(({ name, up }) => (up === false ? [name] : []));
  return down.length > 0 ? [`without ${down.join(' ')}`] : [];
}

test('a node without power takes the carrier at the other ends of its wires away, and both come back with it', async () => {
  expect(await reported([{ do: 'kill', node: 'l4a' }], [{ do: 'start', node: 'l4a' }])).toEqual([
    ['l2 linkDown l4a', 'l4a kill'],
    ['l2 linkUp l4a', 'l4a start'],
  ]);
});

test('a wire is cut and restored at both ends', async () => {
  const link: [string, string] = ['l2', 's1'];
  expect(await reported([{ do: 'linkDown', link }], [{ do: 'linkUp', link }])).toEqual([
    ['l2 linkDown s1', 's1 linkDown l2'],
    ['l2 linkUp s1', 's1 linkUp l2'],
  ]);
});

test('a wire to a node without power has no carrier, nor does a cut wire of a node that comes back', async () => {
  const link: [string, string] = ['l2', 'l4a'];
  const steps = await reported(
    [{ do: 'kill', node: 'l4a' }],
    [{ do: 'linkDown', link }],
    [{ do: 'linkUp', link }],
    [{ do: 'linkDown', link }],
    [{ do: 'start', node: 'l4a' }],
  );
  expect(steps.slice(1)).toEqual([['l2 linkDown l4a'], [], ['l2 linkDown l4a'], ['l4a start without l2']]);
});

test('a node comes back in the state of the steps; one that is off is not changed', async () => {
  const plan = pairLab({ steps: [] });
  const l4a = plan.nodes.find(({ name }) => name === 'l4a')!;
  const s1 = plan.nodes.find(({ name }) => name === 's1')!;
  const steps = await reported([{ do: 'kill', node: 'l4a' }], { actions: [{ do: 'change' }], nodes: [l4a, s1] }, [
    { do: 'start', node: 'l4a' },
  ]);
  expect(steps.slice(1)).toEqual([['s1 change'], ['l2 linkUp l4a', 'l4a start']]);
});

test('a paused node is not called: it catches up when it resumes, at the end at the latest', async () => {
  const link: [string, string] = ['l2', 'l4a'];
  expect(await reported([{ do: 'pause', node: 'l4a' }], [{ do: 'linkDown', link }])).toEqual([
    ['pause l4a'],
    ['l2 linkDown l4a'],
    ['resume l4a', 'l4a linkDown l2'],
  ]);
  expect(await reported([{ do: 'pause', node: 'l4a' }], [{ do: 'kill', node: 'l4a' }])).toEqual([
    ['pause l4a'],
    ['l2 linkDown l4a', 'l4a kill', 'resume l4a'],
  ]);
});

test('a flapping link is up once its step has ended', async () => {
  const link: [string, string] = ['l2', 's1'];
  const [, after] = await reported([{ do: 'flap', link, downMs: 60_000, upMs: 60_000 }]);
  expect(after?.slice(-2).sort()).toEqual(['l2 linkUp s1', 's1 linkUp l2']);
});

test('a restarted load balancer reports no server states from its stop until the next query', async () => {
  const output: string[] = [];
  const call = (method: string, params: unknown) =>
    Promise.resolve(void output.push(method === 'act' ? (params as { action: Act }).action.do : method) as never);
  const lab = { node: () => ({ call }), pause: () => Promise.resolve(), resume: () => Promise.resolve() };
  const bands = {
    node: () => undefined,
    balancer: (name: string, state: string) => void output.push(`${name} ${state}`),
    ask: (name: string) => Promise.resolve(void output.push(`ask ${name}`)),
  };
  const steps: ActionPlan[][] = [[{ do: 'restartLb', node: 'l4a' }]];
  await new Actions(pairLab({ steps }), lab, { now: () => 0 }, bands).perform(0);
  expect(output).toEqual(['stopLb', 'l4a off', 'startLb', 'ask l4a']);
});
