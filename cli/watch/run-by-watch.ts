import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Socket } from 'node:net';
import { EnvironmentError, L4labError } from '../../harness/errors.ts';
import { withDeadline } from '../../harness/with-deadline.ts';
import type { Project } from '../../harness/project/project.ts';
import type { OnEvent } from '../../harness/run/events.ts';
import { cellNames, plansOf, type LoadedScenario, type Selection } from '../../harness/scenario/resolve/plans.ts';
import type { Results } from '../../harness/terms/results.ts';
import { connectTo, readSocketFile } from './socket-file.ts';
import { lineOf, thisBuild, type Answer, type WantedFlow } from './protocol.ts';

const HELLO_DEADLINE_MS = 2000;

/**
 * Runs scenarios on the warm labs of the project's watch.
 * @returns null without a suitable watch: none answers, it is another build, or it ended meanwhile
 * @throws L4labError like a run
 */
export async function runByWatch(
  project: Project,
  scenarios: LoadedScenario[],
  selection: Selection,
  { onEvent, signal, say }: { onEvent: OnEvent; signal: AbortSignal; say: (line: string) => void },
): Promise<Results | null> {
  // A watch only uses the first engine.
  if (project.engines.length > 1) return null;
  const socketFile = await readSocketFile(project.folders.cache);
  const socket = socketFile && (await connectTo(socketFile));
  if (socket === null) return null;
  const answers = answersOf(socket);
  const stop = (): void => void socket.write(lineOf({ ask: 'stop' }));
  try {
    const hello = await withDeadline(answers.next(), HELLO_DEADLINE_MS);
    if (hello?.answer !== 'hello') return null;
    if (hello.build !== thisBuild(project)) {
      say('a running `watch` uses another build or engine: its labs cannot be reused');
      return null;
    }
    say('using the warm labs of the running `watch`');
    signal.addEventListener('abort', stop);
    socket.write(lineOf({ ask: 'run', flows: scenarios.flatMap((one) => flowsOf(project, one, selection)) }));
    for (let answer = await answers.next(); answer !== null; answer = await answers.next()) {
      if (answer.answer === 'event') onEvent(answer.event);
      else if (answer.answer === 'results') return answer.results;
      else if (answer.answer === 'failed') throw errorOf(answer);
    }
    say('the `watch` has ended: booting labs instead');
    return null;
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

function flowsOf(project: Project, loaded: LoadedScenario, selection: Selection): WantedFlow[] {
  const file = resolve(project.root, loaded.yaml.file);
  return plansOf(loaded, selection).flatMap(({ plan }) =>
    cellNames(plan).map((flow) => ({ file, variant: plan.variant, flow })),
  );
}

/** Reads lines of JSON; null at the end. */
function answersOf(socket: Socket): { next: () => Promise<Answer | null> } {
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  return {
    next: async () => {
      const line = await lines.next();
      return line.done ? null : (JSON.parse(line.value) as Answer);
    },
  };
}

function errorOf({ code, message, fault }: Extract<Answer, { answer: 'failed' }>): L4labError {
  return fault === null ? new L4labError(code, message) : new EnvironmentError(code, fault);
}
