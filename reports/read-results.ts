import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { L4labError } from '../harness/errors.ts';
import type { Results } from '../harness/terms/results.ts';

const VERSION: Results['version'] = 4;

/**
 * Reads a results.json, or the one in a report directory.
 * @throws L4labError `invalid-input` if there is none, it is no results file, or it has another version
 */
export async function readResults(location: string): Promise<Results> {
  const isDirectory = await stat(location).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const file = isDirectory ? path.join(location, 'results.json') : location;
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw refusal(file, 'it cannot be read. Name a results.json, or the directory of a report', cause);
  });
  return parseResults(text, file);
}

function parseResults(text: string, file: string): Results {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refusal(file, 'it is not JSON', cause);
  }
  if (typeof value !== 'object' || value === null || !('version' in value) || !('scenarios' in value)) {
    throw refusal(file, 'it is not an l4lab results file');
  }
  if ([1, 2, 3].includes(value.version as number)) throw refusal(file, 'it was written by an older version. Run again');
  if (value.version !== VERSION)
    throw refusal(file, `it has version ${JSON.stringify(value.version)}, but this l4lab reads version ${VERSION}`);
  return value as Results;
}

function refusal(file: string, why: string, cause?: unknown): L4labError {
  return new L4labError('invalid-input', `${file}: ${why}.`, { cause });
}
