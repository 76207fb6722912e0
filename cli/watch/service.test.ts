import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { EnvironmentError, L4labError } from '../../harness/errors.ts';
import { loadScenario } from '../../harness/project/scenario-files.ts';
import type { LoadedScenario } from '../../harness/scenario/resolve/plans.ts';
import { madeUpResults } from '../testing/made-up-results.ts';
import { temporaryProject, twoByTwo, type TemporaryProject } from '../testing/temporary-project.ts';
import { socketFilePath, lineOf, thisBuild } from './protocol.ts';
import { runByWatch } from './run-by-watch.ts';
import { Service, type RunHere } from './service.ts';

let temporary: TemporaryProject;
let scenario: LoadedScenario;
beforeEach(async () => {
  temporary = await temporaryProject();
  temporary.write('scenarios/a.yaml', twoByTwo());
  scenario = loadScenario(temporary.project, join(temporary.folder, 'scenarios/a.yaml'));
});
afterEach(() => temporary[Symbol.dispose]());

const fileOfSocket = (): string => socketFilePath(temporary.project.folders.cache);
const socketOf = (): string => (JSON.parse(readFileSync(fileOfSocket(), 'utf8')) as { socket: string }).socket;

/** What `run` gets of a watch, and what it says. */
async function served(options: { signal?: AbortSignal; selection?: { variants: string[]; flows: string[] } } = {}) {
  const output: string[] = [];
  const events: string[] = [];
  const results = await runByWatch(temporary.project, [scenario], options.selection ?? { variants: [], flows: [] }, {
    onEvent: ({ event }) => events.push(event),
    signal: options.signal ?? new AbortController().signal,
    say: (line) => output.push(line),
  });
  return { output, events, results };
}

const made: RunHere = (scenarios, { onEvent }) => {
  onEvent({ event: 'started', scenarios: 1, flows: 1 });
  return Promise.resolve(madeUpResults(scenarios));
};

test('a run beside a watch gets its events, and the results of exactly the requested flows', async () => {
  await using service = await Service.open(temporary.project, thisBuild(temporary.project), made);
  expect(service).not.toBeNull();
  const { events, results } = await served({ selection: { variants: ['deaf'], flows: ['two'] } });
  expect(events).toEqual(['started']);
  const flows = results!.scenarios.flatMap(({ variants }) => variants.flatMap((one) => one.flows.map((f) => [one.name, f.name]))); // prettier-ignore
  expect(flows).toEqual([['deaf', 'two']]);
});

test('without a watch, or after it, there is no service, and nothing is left', async () => {
  expect(await served()).toEqual({ output: [], events: [], results: null });
  const service = await Service.open(temporary.project, thisBuild(temporary.project), made);
  const socket = socketOf();
  await service![Symbol.asyncDispose]();
  expect([socket, dirname(socket), fileOfSocket()].filter((path) => existsSync(path))).toEqual([]);
  expect(await served()).toEqual({ output: [], events: [], results: null });
});

test('a second watch of a project does not replace the first one', async () => {
  await using first = await Service.open(temporary.project, thisBuild(temporary.project), made);
  const socket = socketOf();
  expect(first).not.toBeNull();
  expect(await Service.open(temporary.project, thisBuild(temporary.project), made)).toBeNull();
  expect(socketOf()).toBe(socket);
});

test('a killed watch is ignored, and the next one replaces it', async () => {
  // What a killed process leaves is a socket that nobody listens at.
  const killed = await Service.open(temporary.project, thisBuild(temporary.project), made);
  const text = readFileSync(fileOfSocket(), 'utf8');
  const { socket } = JSON.parse(text) as { socket: string };
  await killed![Symbol.asyncDispose]();
  mkdirSync(dirname(socket));
  writeFileSync(socket, '');
  writeFileSync(fileOfSocket(), text);
  expect((await served()).results).toBeNull();
  await using next = await Service.open(temporary.project, thisBuild(temporary.project), made);
  expect(next).not.toBeNull();
  expect(existsSync(dirname(socket))).toBe(false);
  expect((await served()).results).not.toBeNull();
});

test.each(['{', 'null', '{"socket":7}', '{"socket":"/etc/passwd"}'])(
  'a socket file with %s is ignored, and deletes no file',
  async (text) => {
    mkdirSync(dirname(fileOfSocket()), { recursive: true });
    writeFileSync(fileOfSocket(), text);
    expect(await served()).toEqual({ output: [], events: [], results: null });
    await using service = await Service.open(temporary.project, thisBuild(temporary.project), made);
    expect(service).not.toBeNull();
    expect(existsSync('/etc/passwd')).toBe(true);
  },
);

test('a watch of another build is not used', async () => {
  await using service = await Service.open(temporary.project, 'another', made);
  expect(service).not.toBeNull();
  expect(await served()).toEqual({
    output: [expect.stringMatching(/^a running `watch` uses another build/)],
    events: [],
    results: null,
  });
});

test('another program on the socket is not taken for a watch', async () => {
  const path = join(temporary.folder, 's');
  const server = createServer((socket) => socket.end(lineOf({ ask: 'stop' }))).listen(path);
  mkdirSync(dirname(fileOfSocket()), { recursive: true });
  writeFileSync(fileOfSocket(), JSON.stringify({ socket: path }));
  expect(await served()).toEqual({ output: [], events: [], results: null });
  server.close();
});

test('Ctrl-C stops the requested run, and gets its finished part', async () => {
  const stop = new AbortController();
  const untilStopped: RunHere = async (scenarios, { signal }) => {
    const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve));
    stop.abort();
    await stopped;
    return { ...madeUpResults(scenarios), interrupted: true };
  };
  await using service = await Service.open(temporary.project, thisBuild(temporary.project), untilStopped);
  expect(service).not.toBeNull();
  expect((await served({ signal: stop.signal })).results?.interrupted).toBe(true);
});

test('a disconnected run is stopped, and the end of a watch is reported', async () => {
  let service: Service | null = null;
  let stopped: Promise<unknown> = Promise.resolve();
  const ending: RunHere = async (scenarios, { signal }) => {
    stopped = new Promise((resolve) => signal.addEventListener('abort', resolve));
    await service![Symbol.asyncDispose]();
    await stopped;
    return madeUpResults(scenarios);
  };
  service = await Service.open(temporary.project, thisBuild(temporary.project), ending);
  expect(await served()).toMatchObject({
    results: null,
    output: [expect.anything(), expect.stringMatching(/has ended/)],
  });
  await stopped;
});

test('errors of the watch are reported like errors of the run itself', async () => {
  const fault = { code: 'image-missing' as const, params: { image: 'l4lab' } };
  await using service = await Service.open(temporary.project, thisBuild(temporary.project), () =>
    Promise.reject(new EnvironmentError('image-missing', fault)),
  );
  expect(service).not.toBeNull();
  await expect(served()).rejects.toMatchObject({ code: 'image-missing', fault });
  temporary.write('scenarios/a.yaml', twoByTwo().replaceAll('two:', 'three:'));
  await expect(served()).rejects.toEqual(
    new L4labError('invalid-input', 'the scenarios changed in the meantime: run again'),
  );
  rmSync(join(temporary.folder, 'scenarios/a.yaml'));
  await expect(served()).rejects.toMatchObject({ code: 'invalid-input' });
});
