import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import ts from 'typescript';
import { ko } from './ko.ts';
import { translator } from './sentences.ts';

const HANGUL = /\p{Script=Hangul}/u;

/** A hop as it is on the wire, and names that protocols have: the same in all languages. */
const OF_THE_WIRE = / ttl |^ICMP port unreachable$/;

/** Every sentence in the sources that judge a flow and say what would mend it; each place holds a word of its own. */
function sentencesOfTheHarness(): string[] {
  const judging = ['harness/judge', 'harness/judge/causes'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => `${folder}/${name}`),
  );
  return [...judging, 'harness/model/candidates.ts', 'harness/model/counterfactual.ts'].flatMap((file) => {
    const found: string[] = [];
    const look = (node: ts.Node): void => {
      const text = textOf(node);
      if (text !== null && /[a-z]{2,} [a-z]{2,}|\} [a-z]{2,} |[a-z]{2,} \{/.test(text)) found.push(filled(text));
      ts.forEachChild(node, look);
    };
    look(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023));
    return found;
  });
}

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

test('the page has Korean for every sentence that the harness says', () => {
  const sentences = sentencesOfTheHarness();
  expect(sentences.length).toBeGreaterThan(50);
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
