import type { Document } from 'yaml';
import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Problem } from '../rules/problem.ts';
import { LbError } from '../terms/errors.ts';

/**
 * Parses YAML (a superset of JSON).
 * @throws {LbError} `bad-config` with a line for every mistake in the syntax.
 */
export function parseYaml(text: string, file: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length === 0) return document.toJS();
  const messages = document.errors.map((error) => `${file}:${position(lines, error.pos[0])}: ${error.message}`);
  throw new LbError('bad-config', messages.join('\n'));
}

/** One line `file:line:col: path: message` for every problem; missing fields get the position of their parent. */
export function locate(text: string, file: string, problems: Problem[]): string {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  return problems
    .map((problem) => {
      const path = problem.path.length > 0 ? `${problem.path.join('.')}: ` : '';
      return `${file}:${position(lines, offsetOf(document, problem))}: ${path}${problem.message}`;
    })
    .join('\n');
}

function offsetOf(document: Document, { path, at }: Problem): number {
  if (at === 'key') {
    const parent = document.getIn(path.slice(0, -1), true);
    const pair = isMap(parent) && parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
    if (pair && isScalar(pair.key)) return pair.key.range?.[0] ?? 0;
  }
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function position(lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${line}:${col}`;
}
