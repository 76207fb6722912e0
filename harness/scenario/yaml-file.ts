import { LineCounter, isMap, isScalar, isSeq, parseDocument, type Document } from 'yaml';
import type { Mistake } from '../errors.ts';
import type { SourcePosition } from '../terms/plan.ts';

export type Path = readonly (string | number)[];

/** A parsed YAML file that knows where each of its values stands. */
export interface YamlFile {
  file: string;
  value: unknown;
  /** Position of the value at `path`; of its nearest parent when the value is absent. */
  locate(path: Path): SourcePosition;
  /** Mistakes of YAML itself (syntax, duplicate keys). */
  mistakes: Mistake[];
}

/** @param file name used in messages */
export function parseYaml(file: string, text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const position = (offset: number): SourcePosition => {
    const { line, col } = lines.linePos(offset);
    return { file, line, col };
  };
  const mistakes = document.errors.map((error) => ({
    ...position(error.pos[0]),
    message: `not valid YAML: ${error.message}`,
  }));
  let value: unknown = null;
  try {
    if (mistakes.length === 0) value = document.toJS() as unknown;
  } catch (error) {
    mistakes.push({ ...position(0), message: `not valid YAML: ${(error as Error).message}` });
  }
  return { file, value, locate: (path) => position(offsetOf(document, path)), mistakes };
}

/** Offset of the key where the path ends in a mapping, else of the value. */
function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) return offset;
      offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number' && node.items[step] !== undefined) {
      node = node.items[step];
      const range = (node as { range?: [number, number, number] | null }).range;
      offset = range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}
