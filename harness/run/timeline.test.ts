import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { findEngine } from '../fabric/engine.ts';
import { OWNER_LABEL, ownerLabel } from '../fabric/labels.ts';
import { builtImage } from '../fabric/testing/built-image.ts';
import { NOTHING, remnants } from '../fabric/testing/remnants.ts';
import { L4labError } from '../errors.ts';
import { plansOf } from '../scenario/resolve/plans.ts';
import type { Variant } from '../scenario/read/read-variant.ts';
import { readLab, readScenario } from '../scenario/read/read.ts';
import { parseYaml } from '../scenario/yaml-file.ts';
import type { Plan } from '../terms/plan.ts';
import type { CallResult, StateBand, TimelineResult } from '../terms/timeline-results.ts';
import type { RunEvent } from './events.ts';
import { LabPool } from './lab-pool.ts';
import { runVariant } from './variant.ts';

/** A loaded machine boots labs slowly. */
const DEADLINE_MS = 300_000;

/** Two L4s that back each other up, one of which stands still, loses its power and comes back; a server is drained. */
function planOf(steps: object): { variant: Variant; plan: Plan } {
  const scenario = {
    title: 'Much happens',
    lab: 'pair',
    servers: { loopback: ['web'], arpIgnore: 1, arpAnnounce: 2 },
    services: {
      web: {
        ...{ vip: '203.0.113.80', port: 80, mode: 'dsr', scheduler: 'maglev' },
        ...{ l4: ['l4a', 'l4b'], pool: ['s1', 's2', 's3'] },
      },
    },
    pairs: { edge: { nodes: ['l4a', 'l4b'], advertMs: 100 } },
    streams: {
      calls: { from: 'client', to: 'web', every: '20ms' },
      session: { from: 'client', to: 'web', connection: 'kept', connections: 3, every: '50ms' },
    },
    steps,
  };
  const lab = readLab(parseYaml('labs/pair.yaml', readFileSync('labs/pair.yaml', 'utf8')));
  const yaml = parseYaml('scenarios/much.yaml', stringify(scenario));
  const loaded = { scenario: readScenario('much', 'pair', lab, yaml), yaml };
  return plansOf(loaded, { variants: [], flows: [] })[0]!;
}

function statesOf({ bands }: TimelineResult, of: Partial<StateBand['of']>): string[] {
  const band = bands.find((one) => Object.entries(of).every(([key, value]) => (one.of as never)[key] === value));
  return band?.spans.map(({ state }) => state) ?? [];
}

const INTERRUPTED = new L4labError('interrupted', 'the test wants it to end');

test(
  'steps show in calls and states, and are undone; an aborted run leaves nothing behind',
  async () => {
    const outage = { outage: { atMost: '10s' } };
    const { variant, plan } = planOf({
      calm: { for: '300ms', expect: { calls: 'works', session: 'works' } },
      stands: {
        do: { pause: 'l4a' },
        until: { master: 'l4b', within: '10s' },
        for: '200ms',
        expect: { calls: outage },
      },
      goes: { do: { resume: 'l4a' }, until: { master: 'l4a', within: '10s' }, for: '200ms', expect: { calls: outage } },
      dies: { do: { kill: 'l4a' }, until: { master: 'l4b', within: '10s' }, for: '300ms', expect: { calls: outage } },
      back: { do: { start: 'l4a' }, until: { master: 'l4a', within: '10s' }, for: '300ms', expect: { calls: outage } },
      drained: { do: { drain: { server: 's1' } }, for: '300ms', expect: { calls: 'works' } },
    });
    const engine = await findEngine();
    const quit = new AbortController();
    await using pool = new LabPool({ engine, image: builtImage(), signal: quit.signal });
    const pooled = await pool.acquire(plan);
    const { result, clean } = await runVariant(variant, plan, pooled, () => undefined);
    const { timeline, flows } = result;
    expect(flows.flatMap(({ verdict, reasons }) => (verdict === 'pass' ? [] : reasons))).toEqual([]);
    expect(flows.map(({ name }) => name)).toContain('dies.calls');
    const [calls, session] = timeline!.streams.map((stream) => stream.calls) as [CallResult[], CallResult[]];
    const inStep = (of: CallResult[], name: string): CallResult[] =>
      of.filter(({ step }) => timeline!.steps[step]!.name === name);
    for (const [index, { beginMs, endMs }] of timeline!.steps.entries()) {
      const own = calls.filter(({ step }) => step === index);
      expect(own.length).toBeGreaterThan(0);
      expect(Math.min(...own.map((call) => call.beginMs))).toBeGreaterThanOrEqual(beginMs);
      expect(Math.max(...own.map((call) => call.endMs))).toBeLessThanOrEqual(endMs);
    }
    expect(inStep(calls, 'dies').some(({ outcome }) => outcome === 'fails')).toBe(true);
    expect(inStep(calls, 'dies').at(-1)).toMatchObject({ outcome: 'works', l4: 'l4b' });
    expect(inStep(calls, 'back').at(-1)).toMatchObject({ outcome: 'works', l4: 'l4a' });
    const drainedAt = timeline!.steps.at(-1)!.actions[0]!.endMs;
    const later = calls.filter(({ beginMs }) => beginMs > drainedAt);
    expect(new Set(later.map(({ servedBy }) => servedBy))).toEqual(new Set(['s2', 's3']));
    expect(new Set(inStep(session, 'calm').map(({ connection }) => connection))).toEqual(new Set([0, 1, 2]));
    expect(statesOf(timeline!, { kind: 'node', node: 'l4a' })).toEqual(['up', 'paused', 'up', 'off', 'up']);
    const ofPair = statesOf(timeline!, { kind: 'member', node: 'l4a' });
    expect(ofPair[0]).toBe('master');
    expect(ofPair.at(-1)).toBe('master');
    expect(statesOf(timeline!, { kind: 'member', node: 'l4b' })).toEqual([
      'backup',
      'master',
      'backup',
      'master',
      'backup',
    ]);
    expect(clean).toBe(true);

    const halfway = planOf({
      calm: { for: '200ms', expect: { calls: 'works', session: 'works' } },
      broken: { do: [{ pause: 'l4a' }, { kill: 's1' }], for: '60s', expect: { calls: outage } },
      later: { do: { resume: 'l4a' }, for: '60s', expect: { calls: outage } },
    });
    pool.release(pooled, clean);
    const again = await pool.acquire(halfway.plan, quit.signal);
    const reported: RunEvent[] = [];
    const running = runVariant(halfway.variant, halfway.plan, again, (event) => {
      reported.push(event);
      // The first step is judged while the second goes on, in which one node stands still and another has no power.
      if (event.event === 'flow' && event.result.name === 'calm.calls') quit.abort(INTERRUPTED);
    });
    const { result: part, clean: isClean } = await running;
    expect(part.flows.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      'calm.calls pass',
      'calm.session pass',
      'broken.calls not-run',
      'later.calls not-run',
    ]);
    expect(part.timeline?.steps).toHaveLength(1);
    expect(isClean).toBe(true);
    const running_ = await remnants(engine.docker, OWNER_LABEL, ownerLabel());
    expect(running_.running).toBe(running_.containers);
    await pool[Symbol.asyncDispose]();
    expect(await remnants(engine.docker, OWNER_LABEL, ownerLabel())).toEqual(NOTHING);
  },
  DEADLINE_MS,
);
