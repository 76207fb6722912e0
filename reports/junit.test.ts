import { junitXml } from './junit.ts';
import { sampleResults, SAMPLE_FLOWS } from './samples/sample-results.ts';

const xml = junitXml(sampleResults());

test('every flow of every variant is a case, and only passed ones are empty', () => {
  expect(xml.match(/<testcase /g)).toHaveLength(SAMPLE_FLOWS);
  expect(xml.match(/<testcase [^>]*\/>/g)).toHaveLength(SAMPLE_FLOWS - 3);
  expect(xml).toContain(`<testsuites name="l4lab" tests="${SAMPLE_FLOWS}" failures="2" errors="1" skipped="0"`);
});

test('a flow that did not run is an error, never a pass', () => {
  expect(xml).toMatch(
    /<testcase classname="one-arm-modes\.dsr-no-loopback" name="web-calls-shop"[^>]*>\s*<error type="not-run"/,
  );
});

test('a failure has cause, line of YAML, command to run it again, and walk', () => {
  const [, body] = /name="web-calls-shop"[^>]*>\s*<failure type="reply-not-from-vip"[^>]*>([^]*?)<\/failure>/.exec(
    xml,
  )!;
  expect(body).toContain('cause: reply-not-from-vip at s1');
  expect(body).toContain('declared: scenarios/one-arm/one-arm-modes.yaml:52:5');
  expect(body).toContain('again: npx l4lab run one-arm-modes --variant dnat-gateway-l3 --flow web-calls-shop');
  expect(body).toMatch(/5 +request +l4 +out l2 +203\.0\.113\.11:\d+ +203\.0\.113\.21:80 /);
});

test('text from YAML and from the wire is escaped', () => {
  const results = sampleResults();
  const flow = results.scenarios[0]!.variants[1]!.flows[2]!;
  flow.name = '"><script>&\u0000\u001b[31m';
  flow.cause!.detail = { code: 'vip-missing', params: { node: 's1', vip: ']]></failure><testcase name="forged"/>' } };
  const hostile = junitXml(results);
  expect(hostile).not.toContain('<script>');
  expect(hostile).not.toContain('forged"');
  expect(hostile).not.toContain('\u0000');
  expect(hostile).not.toContain('\u001b');
});
