import { relative } from 'node:path';
import { InputError, L4labError } from '../../harness/errors.ts';
import { withCounterfactuals } from '../../harness/model/fixes/what-if.ts';
import type { Project } from '../../harness/project/project.ts';
import { loadScenario } from '../../harness/project/scenario-files.ts';
import { withOnly, type LoadedScenario } from '../../harness/scenario/resolve/plans.ts';
import type { Results } from '../../harness/terms/results.ts';
import { errorText } from '../shared/error-text.ts';
import { Board, failed, matching, type Column } from './board.ts';
import { predictedChanges } from './predicted-change.ts';
import type { Sources } from './sources.ts';
import { FolderWatch } from './watch-folders.ts';

/** Side effects of a session. */
export interface SessionIo {
  say: (text: string) => void;
  /** Runs scenarios on warm labs. @param quick whether the user waits for each verdict */
  run: (scenarios: LoadedScenario[], options: { quick: boolean; signal: AbortSignal }) => Promise<Results>;
  /**
   * Prints the results of a run, and writes the report of all current results.
   * @param sources text of files by name
   */
  report: (ran: Results, known: Results, sources: Record<string, string>) => Promise<void>;
}

/** Runs whatever changes, until it is stopped. */
export class Session {
  readonly #board = new Board();
  /** Last readable text of scenario files. */
  readonly #texts: Record<string, string> = {};
  /** Recently saved files, which run first. */
  #saved = new Set<string>();
  #pattern = '';
  #ranLast: Column[] = [];
  #running: AbortController | null = null;
  #wake: () => void = () => undefined;

  constructor(
    private readonly project: Project,
    private readonly sources: Sources,
    private readonly io: SessionIo,
  ) {}

  /** Runs everything, then requests and changes, until the signal aborts. */
  async go(signal: AbortSignal): Promise<void> {
    using folders = new FolderWatch(() => this.#look(folders));
    const stop = (): void => {
      this.#running?.abort(signal.reason);
      this.#wake();
    };
    signal.addEventListener('abort', stop);
    this.#look(folders);
    while (!signal.aborted) {
      const work = this.#next();
      if (work.length > 0) await this.#run(work);
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Repeats the requested part. */
  again(which: 'all' | 'failed' | 'again'): void {
    const columns = this.#board.columns();
    const again = new Set(this.#ranLast.map(({ key }) => key));
    const wanted = {
      all: () => matching(columns, this.#pattern),
      failed: () => matching(failed(columns), this.#pattern),
      again: () => columns.filter(({ key }) => again.has(key)),
    }[which]();
    if (wanted.length === 0) this.io.say(which === 'failed' ? 'nothing failed' : 'nothing to run');
    this.#demand(wanted);
  }

  /** From now on runs only columns with this text in a name; all for an empty text. */
  narrow(pattern: string): void {
    const columns = matching(this.#board.columns(), pattern);
    if (columns.length === 0) {
      this.io.say(`no name contains \`${pattern}\``);
      return;
    }
    this.#pattern = pattern;
    this.io.say(pattern === '' ? 'running all' : `running names that contain \`${pattern}\``);
    this.#demand(columns);
  }

  #demand(columns: Column[]): void {
    this.#board.demand(columns);
    this.#saved = new Set();
    this.#hurry();
  }

  /** Reads changed files, reports mistakes and predictions, and schedules them. */
  #look(folders: FolderWatch): void {
    const isFirst = this.#board.columns().length === 0;
    const reading = this.sources.read();
    folders.watch(reading.folders);
    const nameOf = (file: string): string => relative(this.project.root, file);
    this.#board.arrange(reading.files.map(nameOf));
    for (const file of reading.changed) {
      const name = nameOf(file);
      const before = new Set(this.#board.due().map(idOf));
      try {
        this.#board.set(loadScenario(this.project, file));
        this.#texts[name] = this.sources.text(file);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        this.io.say(error.message);
        continue;
      }
      if (isFirst) continue;
      const due = this.#board.due().filter((column) => column.file === name && !before.has(idOf(column)));
      const lines = predictedChanges(due).map((line) => `  ${line}`);
      const head = `${name}: ${due.length === 0 ? 'nothing to run' : due.map(({ plan }) => plan.variant).join(', ')}`;
      this.io.say([head, ...lines].join('\n'));
    }
    this.#board.arrange(reading.files.map(nameOf));
    const saved = new Set(reading.changed.map(nameOf));
    if (!this.#board.due().some(({ file }) => saved.has(file))) return;
    this.#saved = saved;
    this.#hurry();
  }

  /** Columns to run next; recently saved ones first. */
  #next(): Column[] {
    const due = matching(this.#board.due(), this.#pattern);
    const saved = due.filter(({ file }) => this.#saved.has(file));
    if (saved.length > 0) return saved;
    this.#saved = new Set();
    return due;
  }

  async #run(work: Column[]): Promise<void> {
    const keys = new Set(work.map(({ key }) => key));
    const scenarios = [...new Set(work.map(({ file }) => file))].map((file) => {
      const names = new Set(work.filter((column) => column.file === file).map(({ variant }) => variant.name));
      return withOnly(this.#board.loaded(file)!, (variant) => names.has(variant))!;
    });
    const running = new AbortController();
    this.#running = running;
    this.#ranLast = work;
    try {
      const quick = this.#board.columns().some(({ key, last }) => keys.has(key) && last !== null);
      const results = await this.io.run(scenarios, { quick, signal: running.signal });
      const ran = results.interrupted ? explained(results, scenarios) : results;
      this.#board.take(ran);
      if (!results.interrupted) await this.io.report(ran, this.#board.results(ran), this.#texts);
    } catch (error) {
      if (!(error instanceof L4labError)) throw error;
      if (running.signal.aborted) return;
      this.#board.giveUp(work);
      this.io.say(errorText(error));
    } finally {
      this.#running = null;
    }
  }

  /** Interrupts the current run for urgent columns; its unfinished part runs afterwards. */
  #hurry(): void {
    this.#running?.abort(new L4labError('interrupted', 'another run was requested'));
    this.#wake();
  }
}

/** Identity of a column's current state. */
function idOf({ key, meaning }: Column): string {
  return `${key} ${meaning}`;
}

/** Adds the fixes that an interrupted run did not compute. */
function explained(results: Results, scenarios: LoadedScenario[]): Results {
  const loaded = new Map(scenarios.map((one) => [one.yaml.file, one]));
  return {
    ...results,
    scenarios: results.scenarios.map((scenario) => withCounterfactuals(scenario, loaded.get(scenario.file)!)),
  };
}
