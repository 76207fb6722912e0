import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { L4labError } from '../../harness/errors.ts';
import type { Project } from '../../harness/project/project.ts';
import { allLabs, findScenarios, labFileOf } from '../../harness/project/scenario-files.ts';

interface Source {
  text: string;
  labFile: string | null;
  /** Empty without a lab. */
  labText: string;
}

/** Scenario files of a watch, and changes since the last reading. */
export interface Reading {
  files: string[];
  /** Files with new text, or a new lab. */
  changed: string[];
  /** Folders with relevant files. */
  folders: string[];
}

/** Files of the selected scenarios, and their labs. */
export class Sources {
  #known = new Map<string, Source>();
  #labs: string[] = [];

  constructor(
    private readonly project: Project,
    private readonly names: string[],
  ) {}

  /** @throws L4labError `invalid-input` for unknown names, the first time */
  read(): Reading {
    const labs = allLabs(this.project);
    const namesHold = labs.join('\n') === this.#labs.join('\n');
    const before = this.#known;
    this.#labs = labs;
    this.#known = new Map(
      this.#find().map((file) => {
        const text = textOf(file);
        const former = before.get(file);
        const labFile = namesHold && former?.text === text ? former.labFile : labFileOf(this.project, file);
        return [file, { text, labFile, labText: labFile === null ? '' : textOf(labFile) }];
      }),
    );
    const isNew = ([file, { text, labText }]: [string, Source]): boolean =>
      before.get(file)?.text !== text || before.get(file)?.labText !== labText;
    return {
      files: [...this.#known.keys()],
      changed: [...this.#known].filter(isNew).map(([file]) => file),
      folders: this.#folders(),
    };
  }

  /** Text of a scenario file when last read. */
  text(file: string): string {
    return this.#known.get(file)?.text ?? '';
  }

  /** A known file may be missing temporarily or permanently. */
  #find(): string[] {
    try {
      return findScenarios(this.project, this.names);
    } catch (error) {
      if (!(error instanceof L4labError) || this.#known.size === 0) throw error;
      return [...this.#known.keys()].filter((file) => existsSync(file));
    }
  }

  #folders(): string[] {
    const { scenarios, labs } = this.project.folders;
    const files = [...this.#known].flatMap(([file, { labFile }]) => (labFile === null ? [file] : [file, labFile]));
    const whole = [scenarios, labs[0]!].flatMap(foldersBelow);
    return [...new Set([this.project.root, ...whole, ...files.map((file) => dirname(file))])];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Loading it reports the error.
    return '';
  }
}

/** A folder and all its subfolders; empty if it does not exist. */
function foldersBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...below.flatMap(({ name }) => foldersBelow(join(folder, name)))];
}
