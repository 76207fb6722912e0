import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { L4labError } from '../../harness/errors.ts';
import type { Project } from '../../harness/project/project.ts';
import { allLabs, findScenarios, labFileOf } from '../../harness/project/scenario-files.ts';

interface Source {
  text: string;
  labFile: string | null;
  /** Empty where there is none. */
  labText: string;
}

/** Scenario files of a watch, and how they differ from when they were read last. */
export interface Reading {
  files: string[];
  /** Of which the text is new, or that of the lab. */
  changed: string[];
  /** Folders in which something may change that makes a difference. */
  folders: string[];
}

/** The files of scenarios that the user named, and of their labs. */
export class Sources {
  #known = new Map<string, Source>();
  #labs: string[] = [];

  constructor(
    private readonly project: Project,
    private readonly names: string[],
  ) {}

  /** @throws L4labError `invalid-input` for names that name nothing, the first time */
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

  /** What a scenario file said when it was read last. */
  text(file: string): string {
    return this.#known.get(file)?.text ?? '';
  }

  /** A file that was found once may be gone for a moment, or for good. */
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
    // Whoever loads it says what is wrong.
    return '';
  }
}

/** A folder and all below it; none where it is not there. */
function foldersBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...below.flatMap(({ name }) => foldersBelow(join(folder, name)))];
}
