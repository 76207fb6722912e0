import { figuresOf, targetsOf } from './figures.ts';
import type { Sample } from './traffic.ts';
import { readWrk } from './traffic.ts';

function samples(...rates: number[]): Sample[] {
  return rates.map((rate) => ({ rate, failed: 1, cpuUs: 1, p50: null, p99: null }));
}

describe('figures of the benchmark', () => {
  // The second round met a machine that was busy with something else.
  const figures = figuresOf({
    direct: samples(100, 50, 100),
    'l4lab dsr': samples(90, 45, 90),
    'l4lab l3dsr': samples(85, 42, 85),
    'l4lab dnat': samples(80, 40, 80),
    'l4lab dnat, not counting': samples(160, 80, 40),
    'by hand dnat': samples(160, 80, 40),
    'by hand dnat, counting': samples(80, 40, 20),
    'l4lab proxy': samples(70, 35, 70),
    'l4lab proxy, not counting': samples(63, 35, 63),
    'by hand proxy': samples(70, 35, 70),
    'by hand proxy, counting': samples(70, 35, 70),
    nginx: samples(80, 40, 80),
  });
  const figure = (name: string) => figures.find(({ contestant }) => contestant === name)!;

  it('compares contestants within each round', () => {
    expect(figure('l4lab dsr').ofDirect).toBeCloseTo(0.9);
    expect(figure('l4lab dnat').ofByHand).toBeCloseTo(0.5);
    expect(figure('l4lab dnat').ofFairByHand).toBeCloseTo(1);
    expect(figure('by hand dnat').ofByHand).toBeNull();
  });

  it('counts what failed in all rounds', () => {
    expect(figure('nginx').failed).toBe(3);
  });

  it('reports missed targets', () => {
    const missed = targetsOf(figures, 0.95).filter(({ reached, wanted }) => reached < wanted);
    expect(missed.map(({ text }) => text)).toEqual([
      'l4lab dsr / direct',
      'l4lab dnat / by hand dnat',
      'l4lab proxy, not counting / by hand proxy',
      'l4lab proxy / nginx',
    ]);
  });
});

it('reads latencies of any unit, and all kinds of errors, from the output of wrk', () => {
  const output = `Running 1s test @ http://203.0.113.3/
  Latency Distribution
     50%  150.00us
     75%    1.20ms
     90%    2.00ms
     99%    1.05s
  59017 requests in 1.10s, 12.00MB read
  Socket errors: connect 1, read 2, write 3, timeout 4
  Non-2xx or 3xx responses: 5
Requests/sec:  53652.95
Transfer/sec:     10.93MB
`;
  expect(readWrk(output)).toEqual({ rate: 53652.95, failed: 15, p50: 0.15, p99: 1050 });
});
