import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import ts from 'typescript';
import { ko } from './ko.ts';
import { translator } from './sentences.ts';

const HANGUL = /\p{Script=Hangul}/u;

/** A hop as it is on the wire, names that protocols have, and commands: the same in all languages. */
const OF_THE_WIRE = / ttl |^ICMP port unreachable$|^sysctl /;

/** What judges a flow and says what would mend it, and what may keep a flow from running. */
const JUDGING = [
  'harness/judge',
  'harness/judge/causes',
  'harness/model/candidates.ts',
  'harness/model/counterfactual.ts',
];
const RUNNING = ['harness/fabric', 'harness/agent', 'harness/agent/balancers', 'harness/run'];

function sources(places: string[]): ts.SourceFile[] {
  const isSource = (name: string) => name.endsWith('.ts') && !name.endsWith('.test.ts');
  return places
    .flatMap((place) =>
      isSource(place)
        ? [place]
        : readdirSync(place)
            .filter(isSource)
            .map((name) => `${place}/${name}`),
    )
    .map((file) => ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023));
}

/** Every piece of code below a node, and the node itself. */
function piecesOf(node: ts.Node): ts.Node[] {
  const pieces = [node];
  ts.forEachChild(node, (child) => void pieces.push(...piecesOf(child)));
  return pieces;
}

/** Every sentence in these pieces of code; each place holds a word of its own. */
function sentencesIn(pieces: ts.Node[]): string[] {
  const texts = pieces.map(textOf).filter((text) => text !== null);
  return texts.filter((text) => /[a-z]{2,} [a-z]{2,}|\} [a-z]{2,} |[a-z]{2,} \{/.test(text)).map(filled);
}

const isNewError = (node: ts.Node): boolean =>
  ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text.endsWith('Error');

/** A string or template with `{}` for each of its places; null for any other piece of code. */
function textOf(node: ts.Node): string | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return null;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('{}');
}

function filled(text: string): string {
  let place = 0;
  return text.replaceAll('{}', () => `w${(place += 1)}`);
}

test.each([
  ['of a flow', 50, sentencesIn(sources(JUDGING).flatMap(piecesOf))],
  [
    'of a flow that could not run',
    15,
    sentencesIn(sources(RUNNING).flatMap(piecesOf).filter(isNewError).flatMap(piecesOf)),
  ],
])('the page has Korean for every sentence that the harness says %s', (_, least, sentences) => {
  expect(sentences.length).toBeGreaterThan(least);
  expect(sentences.filter((said) => !HANGUL.test(ko.said(said)) && !OF_THE_WIRE.test(said))).toEqual([]);
});

test.each([
  [
    'It should work, and fails (4 of 4 attempts): vip-not-on-server at s2: the frame for 203.0.113.80 reached s2, which does not hold that address.',
    '통신되어야 하지만 실패했습니다(4회 중 4회). s2에서 vip-not-on-server: 203.0.113.80(으)로 가는 프레임이 s2에 도착했으나 s2은(는) 그 주소를 가지고 있지 않음.',
  ],
  [
    'client called 203.0.113.80; the answer came from s2 (203.0.113.12), which it never called',
    'client은(는) 203.0.113.80을(를) 호출했으나, 호출한 적 없는 s2 (203.0.113.12)에서 응답이 옴',
  ],
  [
    'It works, but the caller answered itself, and nothing left it.',
    '통신은 되지만, 호출자가 스스로 응답하여 노드 밖으로 나간 패킷이 없음.',
  ],
  [
    'l4: does not own the VIP, and gateway of the servers: l3',
    'l4: VIP를 직접 가지지 않기, 그리고 서버의 게이트웨이를 l3(으)로',
  ],
  [
    "the engine's host itself has 192.0.2.2 of node client (there on eth0); give the lab other addresses",
    '엔진의 호스트가 이미 가진 주소: client 노드의 192.0.2.2(호스트에서는 eth0). 랩에 다른 주소를 주십시오',
  ],
  [
    'l4: startLb: the load balancer was not ready after 5000 ms: ',
    'l4 노드의 startLb 실패: 로드 밸런서가 5000 ms 안에 ready 상태가 되지 않음: ',
  ],
  [
    'The server saw 198.51.100.10 as source; it should see proxy-ip: 203.0.113.254 or 203.0.113.253.',
    '서버가 본 출발지: 198.51.100.10. 보아야 하는 출발지: proxy-ip: 203.0.113.254 또는 203.0.113.253.',
  ],
])('%s', (english, korean) => {
  expect(ko.said(english)).toBe(korean);
});

test('text that is no sentence of the harness stays as it is', () => {
  for (const text of ['', 'ECONNREFUSED', '200', 'the wire was cut by s1', 'a {b} c']) expect(ko.said(text)).toBe(text);
});

test('what stands in a place comes through, whatever it is', () => {
  const said = translator([['{one} is {two*}!', '{two} = {one}']]);
  fc.assert(
    fc.property(fc.stringMatching(/^[^\s{}]+$/), fc.string({ minLength: 1 }), (one, two) => {
      fc.pre(!two.endsWith('!') && !two.includes(' is '));
      expect(said(`${one} is ${two}!`)).toBe(`${two} = ${one}`);
    }),
  );
});
