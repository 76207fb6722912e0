import { captureFiles, capturePath } from './captures.ts';
import type { Results } from '../harness/terms/results.ts';
import { sampleResults } from './samples/sample-results.ts';

/** The samples with captured frames of failed flows, as a run keeps them. */
function withFrames(): Results {
  const results = sampleResults();
  for (const flow of results.scenarios.flatMap((s) => s.variants.flatMap((v) => v.flows))) {
    if (flow.verdict !== 'fail') continue;
    for (const packet of flow.attempts.flatMap(({ packets }) => packets)) packet.raw = btoa(`${packet.node}-frame`);
  }
  return results;
}

test('only failed flows have a capture file', () => {
  expect(captureFiles(withFrames()).map(({ path }) => path)).toEqual([
    'captures/one-arm-modes--dnat-gateway-l3--web-calls-shop.pcapng',
    'captures/one-arm-modes--dsr-no-loopback--client-to-web.pcapng',
  ]);
  expect(captureFiles(sampleResults())).toEqual([]);
});

test('it contains every frame with its interface and a comment from the walk', () => {
  const results = withFrames();
  const flow = results.scenarios[0]!.variants[1]!.flows[2]!;
  const text = Buffer.from(captureFiles(results)[0]!.content).toString();
  expect(text.match(/l4-frame/g)).toHaveLength(
    flow.attempts.flatMap(({ packets }) => packets).filter(({ node }) => node === 'l4').length,
  );
  for (const name of ['s1/l2', 'l2/s1', 'l2/l4', 'l4/l2', 'b1/l2']) expect(text).toContain(name);
  expect(text).toContain('attempt 1: out at l4; request hop 5 of 8; src mac');
  expect(text).toContain('dst ip 203.0.113.81 → 203.0.113.21');
  expect(text).toContain('attempt 2: in at s1; reply hop 4 of 4');
});

test('no name leads outside the directory or makes a hidden file', () => {
  const flow = withFrames().scenarios[0]!.variants[1]!.flows[2]!;
  expect(capturePath('../../etc', 'a/b', flow)).toBe('captures/etc--a_b--web-calls-shop.pcapng');
});
