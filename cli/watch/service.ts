import { mkdir, mkdtemp, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { EnvironmentError, L4labError } from '../../harness/errors.ts';
import type { Project } from '../../harness/project/project.ts';
import { loadScenario } from '../../harness/project/scenario-files.ts';
import type { OnEvent } from '../../harness/run/events.ts';
import { plansOf, withOnly, type LoadedScenario } from '../../harness/scenario/resolve/plans.ts';
import type { Results } from '../../harness/terms/results.ts';
import { connectTo, readSocketFile } from './socket-file.ts';
import { socketFilePath, lineOf, type Answer, type SocketFile, type Request, type WantedFlow } from './protocol.ts';

const SOCKETS = join(tmpdir(), 'l4lab-watch-');

/** Runs scenarios on the labs of a watch. */
export type RunHere = (
  scenarios: LoadedScenario[],
  options: { onEvent: OnEvent; signal: AbortSignal },
) => Promise<Results>;

/** Lets every `l4lab run` of the project use the labs of a watch. */
export class Service implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly project: Project,
    private readonly server: Server,
    private readonly socketFile: SocketFile,
  ) {}

  /** @returns null if another watch of the project already serves, or no socket can be created */
  static async open(project: Project, build: string, run: RunHere): Promise<Service | null> {
    const { cache } = project.folders;
    const former = await readSocketFile(cache);
    if (former !== null) {
      const other = await connectTo(former);
      other?.destroy();
      if (other !== null) return null;
      await takeDown(former);
    }
    try {
      const socket = join(await mkdtemp(SOCKETS), 's');
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve));
      const service = new Service(project, server, { socket });
      server.on('connection', (client) => service.#meet(client, build, run));
      await mkdir(cache, { recursive: true });
      const draft = `${socketFilePath(cache)}.${process.pid}`;
      await writeFile(draft, JSON.stringify(service.socketFile), { mode: 0o600 });
      await rename(draft, socketFilePath(cache));
      return service;
    } catch {
      // Runs then boot their own labs.
      return null;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
    const { cache } = this.project.folders;
    if ((await readSocketFile(cache))?.socket === this.socketFile.socket)
      await rm(socketFilePath(cache), { force: true });
    await takeDown(this.socketFile);
  }

  #meet(socket: Socket, build: string, run: RunHere): void {
    this.#sockets.add(socket);
    const stop = new AbortController();
    const interrupt = (): void => stop.abort(new L4labError('interrupted', 'the run was interrupted'));
    const send = (answer: Answer): void => {
      if (socket.writable) socket.write(lineOf(answer));
    };
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      interrupt();
    });
    createInterface({ input: socket }).on('line', (line) => {
      const request = JSON.parse(line) as Request;
      if (request.ask === 'stop') interrupt();
      else void this.#run(request.flows, run, { send, signal: stop.signal });
    });
    send({ answer: 'hello', build });
  }

  async #run(
    flows: WantedFlow[],
    run: RunHere,
    { send, signal }: { send: (answer: Answer) => void; signal: AbortSignal },
  ): Promise<void> {
    try {
      const scenarios = scenariosOf(this.project, flows);
      const results = await run(scenarios, { onEvent: (event) => send({ answer: 'event', event }), signal });
      send({ answer: 'results', results });
    } catch (error) {
      if (!(error instanceof L4labError)) throw error;
      const { code, message } = error;
      send({ answer: 'failed', code, message, fault: error instanceof EnvironmentError ? error.fault : null });
    }
  }
}

/** @throws L4labError `invalid-input` if the files have changed since the request */
function scenariosOf(project: Project, flows: WantedFlow[]): LoadedScenario[] {
  const files = [...new Set(flows.map(({ file }) => file))];
  const scenarios = files.flatMap((file) => {
    const wanted = new Set(flows.filter((one) => one.file === file).map(({ variant, flow }) => `${variant}\n${flow}`));
    return withOnly(loadScenario(project, file), (variant, flow) => wanted.has(`${variant}\n${flow}`)) ?? [];
  });
  const all = scenarios.flatMap((one) => plansOf(one, { variants: [], flows: [] }).flatMap(({ plan }) => plan.flows));
  if (all.length !== flows.length)
    throw new L4labError('invalid-input', 'the scenarios changed in the meantime: run again');
  return scenarios;
}

/** Removes a socket and its folder, if they look like a watch's: the file's contents are not trusted. */
async function takeDown({ socket }: SocketFile): Promise<void> {
  if (!dirname(socket).startsWith(SOCKETS)) return;
  await rm(socket, { force: true });
  await rmdir(dirname(socket)).catch(() => undefined);
}
