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

/** What a session does to the world. */
export interface SessionIo {
  say: (text: string) => void;
  /** Runs scenarios on warm labs. @param quick whether somebody waits for each verdict */
  run: (scenarios: LoadedScenario[], options: { quick: boolean; signal: AbortSignal }) => Promise<Results>;
  /** Tells what came of a run, and writes the report of all that is known. @param sources text of files by name */
  report: (ran: Results, known: Results, sources: Record<string, string>) => Promise<void>;
}

/** Runs what changes, as long as nobody says otherwise. */
export class Session {
  readonly #board = new Board();
  /** Text of scenario files as they were when they could be read. */
  readonly #texts: Record<string, string> = {};
  /** Files that were saved last: these come first. */
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

  /** Runs all, and then what is asked for or changes, until the signal comes. */
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

  /** Runs again what was asked for. */
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

  /** Runs only what has a part of a name, from now on; all again for an empty one. */
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

  /** Takes in what changed in the files, says what is to be said of it, and has it run. */
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

  /** What is to be run next: what was saved last comes first. */
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

  /** What is under way stops for what somebody waits for; what it had not finished is run after that. */
  #hurry(): void {
    this.#running?.abort(new L4labError('interrupted', 'another run was requested'));
    this.#wake();
  }
}

/** Tells a column as it is now from what it was. */
function idOf({ key, meaning }: Column): string {
  return `${key} ${meaning}`;
}

/** What would help a flow of a run that was stopped: nobody had the time to look for it. */
function explained(results: Results, scenarios: LoadedScenario[]): Results {
  const loaded = new Map(scenarios.map((one) => [one.yaml.file, one]));
  return {
    ...results,
    scenarios: results.scenarios.map((scenario) => withCounterfactuals(scenario, loaded.get(scenario.file)!)),
  };
}
