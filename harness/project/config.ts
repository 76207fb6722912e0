import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { InputError, L4labError } from '../errors.ts';
import { messageFor } from '../scenario/messages.ts';
import { parseYaml } from '../scenario/yaml-file.ts';

/** Names of the configuration file, which also marks a project's root. */
export const CONFIG_FILES = ['l4lab.config.ts', 'l4lab.config.mjs', 'l4lab.config.json'];
/** Endings that other tools use. */
const OTHER_ENDINGS = ['js', 'cjs', 'mts', 'cts', 'yaml', 'yml'].map((ending) => `l4lab.config.${ending}`);

const folder = z.string().min(1);
const schema = z.strictObject({
  $schema: z.string().optional(),
  scenarios: folder.optional().describe('Folder of the scenarios; `scenarios` by default.'),
  labs: folder.optional().describe('Folder of the project’s own labs; `labs` by default.'),
  reports: folder.optional().describe('Folder of the reports; `reports` by default.'),
  image: z
    .string()
    .regex(/^[a-z0-9][\w.:/-]*$/i, 'must be the name of an image, like registry.example/l4lab')
    .optional()
    .describe('Lab image to pull instead of building one.'),
  engines: z
    .array(z.string().regex(/^(unix|tcp|ssh):\/\//, 'must begin with unix://, tcp:// or ssh://'))
    .optional()
    .describe('Docker engines that a run spreads its labs over; the one that is found by default.'),
});

/** The JSON Schema of the configuration, for editors. */
export function configJsonSchema(): unknown {
  return { title: 'Configuration of l4lab: l4lab.config.json', ...z.toJSONSchema(schema) };
}

/** Contents of `l4lab.config.{ts,mjs,json}`. Folders are relative to the file. */
export interface Config {
  /** Folder of the scenarios; `scenarios` by default. */
  scenarios?: string;
  /** Folder of the project's own labs; `labs` by default. */
  labs?: string;
  /** Folder of the reports; `reports` by default. The last run's is in `latest` below it. */
  reports?: string;
  /** Lab image to pull instead of building one: what `l4lab image --push` pushed. */
  image?: string;
  /** Docker engines that a run spreads its labs over, such as `ssh://user@host`; the one that is found by default. */
  engines?: string[];
}

/** Returns the configuration unchanged; exists for its types. */
export function defineConfig(config: Config): Config {
  return config;
}

/**
 * The configuration of a folder; empty without a file.
 * @throws L4labError `invalid-input` for mistakes in the file, or two files
 */
export async function readConfig(root: string): Promise<Config> {
  const files = CONFIG_FILES.filter((name) => existsSync(join(root, name)));
  if (files.length > 1)
    throw new L4labError('invalid-input', `${files.join(' and ')} in ${root}: keep one configuration`);
  const [name] = files;
  if (name === undefined) {
    refuseOtherEndings(root);
    return {};
  }
  const file = join(root, name);
  return name.endsWith('.json') ? readJson(file) : checked(await importDefault(file), file);
}

/** Otherwise a configuration with the wrong ending would silently be ignored. */
function refuseOtherEndings(root: string): void {
  const other = OTHER_ENDINGS.find((name) => existsSync(join(root, name)));
  if (other !== undefined)
    throw new L4labError('invalid-input', `${other} is not read: name it ${CONFIG_FILES.join(', or ')}`);
}

function readJson(file: string): Config {
  const yaml = parseYaml(basename(file), readFileSync(file, 'utf8'));
  if (yaml.mistakes.length > 0) throw new InputError(yaml.mistakes);
  const parsed = schema.safeParse(yaml.value, { error: messageFor });
  if (parsed.success) return parsed.data as Config;
  throw new InputError(
    parsed.error.issues.map((issue) => ({ ...yaml.locate(placeOf(issue)), message: sentence(issue) })),
  );
}

function checked(value: unknown, file: string): Config {
  const parsed = schema.safeParse(value, { error: messageFor });
  if (parsed.success) return parsed.data as Config;
  const lines = parsed.error.issues.map((issue) => `${basename(file)}: ${sentence(issue)}`);
  throw new L4labError('invalid-input', lines.join('\n'));
}

function sentence({ path, message }: z.core.$ZodIssue): string {
  return path.length > 0 ? `${path.join('.')}: ${message}` : message;
}

function placeOf(issue: z.core.$ZodIssue): (string | number)[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  return issue.code === 'unrecognized_keys' ? [...path, issue.keys[0]!] : path;
}

/** The default export of a module. Node 20 cannot load TypeScript itself. */
async function importDefault(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(file, { virtualModules: { l4lab: { defineConfig } } });
  try {
    const module = await jiti.import<Record<string, unknown>>(file);
    if (!('default' in module)) throw new Error('has no default export: write `export default defineConfig({ … })`');
    return module.default;
  } catch (error) {
    throw new L4labError(
      'invalid-input',
      `${basename(file)}: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}
