import {
  type Alias,
  type Document,
  LineCounter,
  type Node,
  type YAMLMap,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  visit,
} from 'yaml';
import type { Mistake } from '../errors.ts';
import type { SourcePosition } from '../terms/plan.ts';
import { yamlErrorText } from './yaml-error.ts';

export type Path = readonly (string | number)[];

/** A parsed YAML file with the positions of its values. */
export interface YamlFile {
  file: string;
  value: unknown;
  /**
   * Position of the value at `path`; of its nearest parent if the value is absent, or comes from an alias or a merge
   * key (`<<`).
   */
  locate: (path: Path) => SourcePosition;
  /** Mistakes of YAML itself (syntax, duplicate keys). */
  mistakes: Mistake[];
}

/** @param file name used in messages */
export function parseYaml(file: string, text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    merge: true,
    // The library compares each key with all previous ones, which takes a minute for 10,000 flows.
    uniqueKeys: false,
  });
  const position = (offset: number): SourcePosition => {
    const { line, col } = lines.linePos(offset);
    return { file, line, col };
  };
  const mistakeAt = (offset: number, what: string): Mistake => ({
    ...position(offset),
    message: `not valid YAML: ${yamlErrorText(what)}`,
  });
  const mistakes = [
    ...document.errors.map((error) => mistakeAt(error.pos[0], error.message)),
    ...keysGivenTwice(document).map(({ offset, key }) => mistakeAt(offset, `the key \`${key}\` is given twice`)),
  ];
  const sources = sourcesOf(document);
  mistakes.push(...badKeys(document, sources).map(({ offset, why }) => ({ ...position(offset), message: why })));
  if (mistakes.length === 0) {
    mistakes.push(...aliasMistakes(document, sources).map(({ alias, why }) => mistakeAt(alias.range?.[0] ?? 0, why)));
  }
  let value: unknown = null;
  try {
    if (mistakes.length === 0) value = document.toJS({ maxAliasCount: -1 }) as unknown;
  } catch (error) {
    mistakes.push(mistakeAt(0, (error as Error).message));
  }
  const places = new Places(document, sources);
  return { file, value, locate: (path) => position(places.offsetOf(path)), mistakes };
}

function keysGivenTwice(document: Document): { offset: number; key: string }[] {
  const found: { offset: number; key: string }[] = [];
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const text = keyText(key.value);
        if (seen.has(text)) found.push({ offset: key.range?.[0] ?? 0, key: text });
        seen.add(text);
      }
    },
  });
  return found;
}

/** Keys that JavaScript treats specially, and merge keys without a mapping. */
function badKeys(document: Document, sources: Map<Alias, Node | undefined>): { offset: number; why: string }[] {
  const found: { offset: number; why: string }[] = [];
  const mergeable = (node: unknown): boolean => {
    const source = isAlias(node) ? sources.get(node) : node;
    // Unknown aliases are reported elsewhere.
    return source === undefined || isMap(source);
  };
  visit(document, {
    Pair: (_, { key, value }) => {
      if (!isScalar(key)) return;
      const offset = key.range?.[0] ?? 0;
      const text = keyText(key.value);
      if (text === '__proto__') found.push({ offset, why: '`__proto__` is reserved' });
      if (text !== MERGE || key.type !== 'PLAIN') return;
      const merged = isAlias(value) ? sources.get(value) : value;
      const all = isSeq(merged) ? merged.items : [merged];
      if (!all.every(mergeable))
        found.push({ offset, why: '`<<` must be a mapping, an alias of one, or a list of them' });
    },
  });
  return found;
}

/** Source of each alias: the last preceding node with its anchor. */
function sourcesOf(document: Document): Map<Alias, Node | undefined> {
  const anchors = new Map<string, Node>();
  const sources = new Map<Alias, Node | undefined>();
  visit(document, {
    Alias: (_, alias) => void sources.set(alias, anchors.get(alias.source)),
    Value: (_, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return sources;
}

/** Maximum number of values from aliases in one file; more is an attack or a mistake with the same effect. */
const MAX_ALIASED = 100_000;

/** Unknown and recursive aliases, and the one that exceeds the limit. */
function aliasMistakes(document: Document, sources: Map<Alias, Node | undefined>): { alias: Alias; why: string }[] {
  const found: { alias: Alias; why: string }[] = [];
  const sizes = new Map<Node, number>();
  const open = new Set<Node>();
  const sizeOf = (node: unknown): number => {
    if (!isNode(node)) return 0;
    const known = sizes.get(node);
    if (known !== undefined) return known;
    open.add(node);
    const size = isAlias(node)
      ? sizeOfAlias(node)
      : 1 + childrenOf(node).reduce<number>((sum, n) => sum + sizeOf(n), 0);
    open.delete(node);
    sizes.set(node, size);
    return size;
  };
  const sizeOfAlias = (alias: Alias): number => {
    const source = sources.get(alias);
    if (source !== undefined && !open.has(source)) return sizeOf(source);
    const why = source ? 'refers to itself' : 'has no anchor before it';
    found.push({ alias, why: `\`*${alias.source}\` ${why}` });
    return 0;
  };
  sizeOf(document.contents);
  if (found.length > 0) return found;
  let unfolded = 0;
  for (const alias of sources.keys()) {
    unfolded += sizeOf(alias);
    if (unfolded > MAX_ALIASED)
      return [{ alias, why: `\`*${alias.source}\` expands the file to more than ${MAX_ALIASED} values` }];
  }
  return [];
}

function childrenOf(node: Node): unknown[] {
  if (isMap(node)) return node.items.flatMap(({ key, value }) => [key, value]);
  return isSeq(node) ? node.items : [];
}

type Pair = YAMLMap['items'][number];

/** Positions of values, with indexed keys: a file may have thousands of flows. */
class Places {
  private readonly known = new WeakMap<YAMLMap, Map<string, Pair>>();

  constructor(
    private readonly document: Document,
    private readonly sources: Map<Alias, Node | undefined>,
  ) {}

  /** Offset of the key if the path ends in a mapping, otherwise of the value. */
  offsetOf(path: Path): number {
    let node: unknown = this.document.contents;
    let offset = this.document.contents?.range?.[0] ?? 0;
    for (const step of path) {
      if (isMap(node)) {
        const keys = this.keysOf(node);
        const pair = keys.get(String(step));
        const merge = keys.get(MERGE);
        if (!pair) return merge && this.merges(merge.value, step) ? offsetOfKey(merge, offset) : offset;
        offset = offsetOfKey(pair, offset);
        node = pair.value;
      } else if (isSeq(node) && typeof step === 'number' && node.items[step] !== undefined) {
        node = node.items[step];
        offset = (isNode(node) ? node.range?.[0] : undefined) ?? offset;
      } else {
        return offset;
      }
    }
    return offset;
  }

  private keysOf(map: YAMLMap): Map<string, Pair> {
    const keys =
      this.known.get(map) ??
      new Map(map.items.flatMap((pair) => (isScalar(pair.key) ? [[keyText(pair.key.value), pair] as const] : [])));
    this.known.set(map, keys);
    return keys;
  }

  /** Whether a merge key's value contains a key. */
  private merges(merged: unknown, key: string | number): boolean {
    const source = isAlias(merged) ? this.sources.get(merged) : merged;
    if (isSeq(source)) return source.items.some((item) => this.merges(item, key));
    if (!isMap(source)) return false;
    const keys = this.keysOf(source);
    return keys.has(String(key)) || this.merges(keys.get(MERGE)?.value, key);
  }
}

const MERGE = '<<';

function keyText(value: unknown): string {
  return typeof value === 'symbol' ? MERGE : String(value);
}

function offsetOfKey({ key }: Pair, otherwise: number): number {
  return isScalar(key) ? (key.range?.[0] ?? otherwise) : otherwise;
}
