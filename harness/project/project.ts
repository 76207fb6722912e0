import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { L4labError } from '../errors.ts';
import { CONFIG_FILES, readConfig } from './config.ts';

/** A folder with scenarios and labs. All paths are absolute. */
export interface Project {
  /** Base of paths in messages and results. */
  root: string;
  folders: {
    scenarios: string;
    /** Folders to search in order: the project's own labs before those shipped with l4lab. */
    labs: string[];
    /**
     * Folder of the example scenarios shipped with l4lab; absent if there are none. Examples are found only by their
     * whole names.
     */
    examples?: string;
    /** Folder of the last run's report. */
    report: string;
    /** Folder for data that may be lost. */
    cache: string;
  };
  /** Lab image to pull instead of building one. */
  image?: string;
  /** Docker engines to run labs on; empty for the default one. */
  engines: string[];
}

/**
 * The project that a folder belongs to. Without one, the folder itself, so that files can be named by their paths.
 * @param from where to look, and then in each folder above
 * @param root the project's folder, instead of looking for it
 * @param shipped folder of the labs that l4lab ships
 * @param examples folder of the scenarios that l4lab ships
 * @param makes whether the configured folders are about to be created
 * @throws L4labError `invalid-input` for a root that is no folder, and for mistakes in the configuration
 */
export async function findProject({
  from,
  root,
  shipped,
  examples,
  makes = false,
}: {
  from: string;
  root?: string | undefined;
  shipped: string;
  examples?: string;
  makes?: boolean | undefined;
}): Promise<Project> {
  if (root !== undefined && !isFolder(resolve(from, root)))
    throw new L4labError('invalid-input', `--root: ${root} is not a folder`);
  const folder = root === undefined ? (findRoot(from) ?? resolve(from)) : resolve(from, root);
  const config = await readConfig(folder);
  for (const name of makes ? [] : (['scenarios', 'labs'] as const)) {
    const named = config[name];
    // Otherwise a shipped lab of the same name would silently replace the project's own.
    if (named !== undefined && !isFolder(resolve(folder, named)))
      throw new L4labError(
        'invalid-input',
        `\`${name}: ${named}\` in the configuration: ${resolve(folder, named)} is not a folder`,
      );
  }
  const own = resolve(folder, config.labs ?? 'labs');
  const scenarios = resolve(folder, config.scenarios ?? 'scenarios');
  return {
    root: folder,
    folders: {
      scenarios,
      labs: [...new Set([own, shipped])],
      ...(examples === undefined || examples === scenarios ? {} : { examples }),
      report: resolve(folder, config.reports ?? 'reports', 'latest'),
      cache: join(folder, 'node_modules/.cache/l4lab'),
    },
    ...(config.image === undefined ? {} : { image: config.image }),
    engines: config.engines ?? [],
  };
}

/** The nearest folder upward with a configuration, or with `scenarios/` and a package.json. */
function findRoot(from: string): string | null {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const has = (name: string): boolean => existsSync(join(folder, name));
    if (CONFIG_FILES.some(has) || (has('package.json') && isFolder(join(folder, 'scenarios')))) return folder;
    if (folder === dirname(folder)) return null;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
