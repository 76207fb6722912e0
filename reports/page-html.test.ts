import { inflateRawSync } from 'node:zlib';
import { pageHtml } from './page-html.ts';
import { sampleResults } from './samples/sample-results.ts';

const bundle = { js: 'let a="</script><script>"', css: 'a::before{content:"</style>"}' };

test('code and styles of the page cannot close their own tags', () => {
  const html = pageHtml(sampleResults(), bundle);
  expect(html.match(/<\/script>/g)!.length).toBe(html.match(/<script[ >]/g)!.length - 1);
  expect(html.match(/<\/style>/g)).toHaveLength(1);
});

test('no text of the results is in the HTML itself', () => {
  const results = sampleResults();
  results.scenarios[0]!.title = '</script><img src=x onerror=alert(1)>';
  results.scenarios[0]!.flows[0]!.title = '"><svg onload=alert(1)>';
  expect(pageHtml(results, bundle)).not.toMatch(/onerror|onload/);
});

test('quotes the YAML lines of a flow, up to the next flow', () => {
  const results = sampleResults();
  const { file, flows } = results.scenarios[0]!;
  const source = `${'\n'.repeat(flows[0]!.at.line - 1)}  - name: client-to-web\n    from: client\n    expect: works\n  - name: next\n`;
  const html = pageHtml(results, bundle, { [file]: source });
  const data = /id="scenario-0">([^<]*)</.exec(html)![1]!;
  const variant = JSON.parse(inflateRawSync(Buffer.from(data, 'base64')).toString()) as { yaml: unknown };
  expect(variant.yaml).toMatchObject({
    'client-to-web': { firstLine: 34, lines: ['  - name: client-to-web', '    from: client', '    expect: works'] },
  });
});
