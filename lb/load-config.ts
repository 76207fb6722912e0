import { readFile } from 'node:fs/promises';
import type { LbConfig } from './config.ts';
import { lbConfigSchema } from './config.ts';
import type { Problem } from './config-rules.ts';
import { findProblems } from './config-rules.ts';
import { LbError } from './errors.ts';

/**
 * Reads a YAML or JSON file.
 * @throws {LbError} `bad-config` with one line `file:line:col: message` for every mistake.
 */
export async function loadConfig(file: string): Promise<LbConfig> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new LbError('bad-config', `${file}: cannot be read: ${(cause as Error).message}`, { cause });
  });
  return parseConfig(text, file);
}

/** As `loadConfig`, for a text; `file` is the name used in messages. */
export async function parseConfig(text: string, file: string): Promise<LbConfig> {
  const { value, problems } = checkConfig(parseJson(text) ?? (await parseYaml(text, file)));
  if (value) return value;
  throw new LbError('bad-config', await locate(text, file, problems));
}

/** Schema first, since the rules beyond it need sound types. */
export function checkConfig(data: unknown): { value: LbConfig | null; problems: Problem[] } {
  const parsed = lbConfigSchema.safeParse(data);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => ({
      path: issue.path.filter((step) => typeof step !== 'symbol'),
      message: issue.message,
    }));
    return { value: null, problems };
  }
  const problems = findProblems(parsed.data);
  return { value: problems.length === 0 ? parsed.data : null, problems };
}

/** JSON is tried first: it needs no parser to be loaded, which halves the time to start. */
function parseJson(text: string): unknown {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function parseYaml(text: string, file: string): Promise<unknown> {
  const { parseDocument, LineCounter } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const messages = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return `${file}:${line}:${col}: ${error.message}`;
    });
    throw new LbError('bad-config', messages.join('\n'));
  }
  return document.toJS();
}

async function locate(text: string, file: string, problems: Problem[]): Promise<string> {
  const { parseDocument, LineCounter } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const lineOf = (path: Problem['path']): string => {
    for (let depth = path.length; depth >= 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
      if (node?.range) {
        const { line, col } = lines.linePos(node.range[0]);
        return `${line}:${col}`;
      }
    }
    return '1:1';
  };
  return problems
    .map(({ path, message }) => `${file}:${lineOf(path)}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`)
    .join('\n');
}
