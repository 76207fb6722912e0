import { L4labError } from '../../harness/errors.ts';

interface PackageJson {
  name?: string;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const SCRIPTS = { lab: 'l4lab run', 'lab:watch': 'l4lab watch', 'lab:validate': 'l4lab validate' };

/** The new text of a package.json, and what was added to it. */
export interface Added {
  text: string;
  scripts: string[];
  dependency: boolean;
}

/**
 * A package.json with scripts for l4lab and l4lab as a dependency; keeps existing content, indent and line ends. A new
 * one is private, so that it is not published by accident.
 * @param text null without a file
 * @throws L4labError `invalid-input` if it is not JSON
 */
export function withL4lab(text: string | null, version: string): Added {
  const before = text === null ? {} : parsed(text);
  const scripts = Object.fromEntries(Object.entries(SCRIPTS).filter(([name]) => before.scripts?.[name] === undefined));
  const known = { l4lab: undefined, ...before.dependencies, ...before.devDependencies };
  const dependency = known.l4lab === undefined && before.name !== 'l4lab';
  const after = {
    ...(text === null ? { private: true } : before),
    ...(Object.keys(scripts).length > 0 ? { scripts: { ...before.scripts, ...scripts } } : {}),
    ...(dependency ? { devDependencies: { ...before.devDependencies, l4lab: `^${version}` } } : {}),
  };
  return { text: inStyleOf(text ?? '{\n  "":0\n}\n', after), scripts: Object.keys(scripts), dependency };
}

function parsed(text: string): PackageJson {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new L4labError('invalid-input', `package.json: ${(error as Error).message}`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new L4labError('invalid-input', 'package.json: must contain an object, { … }');
  return value;
}

/** Formatted like npm: with the file's own indent and line ends. */
function inStyleOf(text: string, value: unknown): string {
  const [, indent = '  '] = /^([ \t]+)"/m.exec(text) ?? [];
  const ends = text.includes('\r\n') ? '\r\n' : '\n';
  const last = /\n$/.test(text) ? ends : '';
  return JSON.stringify(value, null, indent).replaceAll('\n', ends) + last;
}
