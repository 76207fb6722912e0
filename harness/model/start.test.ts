import { predict } from './predict.ts';
import { flow, plan, type NodeSketch } from './testing/lab-builder.ts';
import { L4, oneArm, VIP_A } from './testing/labs.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';

const pool = ['s1', 's2'];

/** What comes of the last of several flows, each after the one before: outcome or cause, and where. */
function last(lab: Plan, flows: Partial<FlowPlan>[], ...called: FlowPlan[]): (string | undefined)[] {
  lab.flows = called.map((one, index) => ({
    ...one,
    ...flows[index],
    name: `flow ${index}`,
    ...(index === 0 ? {} : { after: `flow ${index - 1}` }),
  }));
  return predict(lab, lab.flows.at(-1)!).map(({ cause, servedBy }) =>
    cause === null ? `works by ${servedBy}` : `${cause.code} at ${cause.node}`,
  );
}

describe('a router has sent a redirect about the answer to a ping', () => {
  const lab = (acceptRedirects: boolean): Plan =>
    plan(
      oneArm({
        services: { a: { vip: VIP_A, mode: 'dnat', pool } },
        servers: { gateway: L4, acceptRedirects },
        nodes: { l4: { sendRedirects: true } },
      }),
    );
  const ping = (of: Plan): FlowPlan => flow(of, 'client', 's1', 'icmp');
  const call = (of: Plan): FlowPlan => flow(of, 'client', 'a');

  test('later replies of a server that accepts it bypass the load balancer', () => {
    const believing = lab(true);
    expect(last(believing, [], call(believing))).toEqual(['works by s1', 'works by s2']);
    expect(last(believing, [], ping(believing), call(believing))).toEqual(['redirected at s1', 'works by s2']);
    expect(last(believing, [], ping(believing), ping(believing), call(believing))).toContain('redirected at s1');
  });

  test('a server that ignores it continues as before', () => {
    const ignoring = lab(false);
    expect(last(ignoring, [], ping(ignoring), call(ignoring))).toEqual(['works by s1', 'works by s2']);
  });
});

test('a router with NAT sends no redirect about the first packet of a connection, and callers ignore one about their first SYN', () => {
  const crosses = (mode: 'dnat' | 'dsr', protocol: 'icmp' | 'tcp'): boolean => {
    const lab = plan(
      oneArm({
        services: { a: { vip: VIP_A, mode, pool } },
        servers: { gateway: L4, acceptRedirects: true },
        nodes: { l4: { sendRedirects: true }, client: { listeners: ['80/tcp'] } },
      }),
    );
    const call = protocol === 'icmp' ? flow(lab, 's1', 'client', 'icmp') : flow(lab, 's1', 'client:80');
    last(lab, [], call, call, call);
    return predict(lab, lab.flows.at(-1)!)[0]!.request.some(({ node }) => node === 'l4');
  };
  expect(crosses('dsr', 'icmp')).toBe(false);
  expect(crosses('dnat', 'icmp')).toBe(true);
  expect(crosses('dsr', 'tcp')).toBe(true);
  expect(crosses('dnat', 'tcp')).toBe(true);
});

describe('a router has sent too-big', () => {
  const nodes: Record<string, Partial<NodeSketch>> = {
    l3: { ofInterfaces: { l2: { mtu: 1300 } } },
    l4: { mtu: 1300 },
    s1: { mtu: 1300, listeners: ['53/udp'] },
  };
  const lab = (): Plan => plan(oneArm({ services: {}, nodes }));

  test('the next one is fragmented by its sender, or refused with DF', () => {
    const narrow = lab();
    const large = { bytes: 1400 };
    const [ping, udp] = [flow(narrow, 'client', 's1', 'icmp'), flow(narrow, 'client', 's1:53', 'udp')];
    expect(last(narrow, [large], ping)).toEqual(['too-big at l3']);
    expect(last(narrow, [large, large], ping, ping)).toEqual(['works by s1']);
    expect(last(narrow, [large, large], udp, udp)).toEqual(['works by s1']);
    expect(last(narrow, [large, { ...large, dontFragment: true }], udp, ping)).toEqual(['too-big at client']);
  });

  test('later attempts know the path MTU', () => {
    const narrow = lab();
    const ping = { ...flow(narrow, 'client', 's1', 'icmp'), bytes: 1400, repeat: 2 };
    const causes = (of: FlowPlan): unknown[] => predict(narrow, of).map(({ cause, outcome }) => cause?.node ?? outcome);
    expect(causes(ping)).toEqual(['l3', 'works']);
    expect(causes({ ...ping, dontFragment: true })).toEqual(['l3', 'client']);
  });

  test('small packets change nothing', () => {
    const narrow = lab();
    const ping = flow(narrow, 'client', 's1', 'icmp');
    expect(last(narrow, [{}, { bytes: 1400 }], ping, ping)).toEqual(['too-big at l3']);
  });
});
