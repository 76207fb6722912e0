import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { answers, type Endpoint } from './endpoint.ts';
import { SetupError } from './setup-error.ts';

const LOG_FILE = '/var/log/l4lab-dockerd.log';
const START_DEADLINE_MS = 90_000;

/** Pid files of the daemons, and the program that must be running. */
const DOCKERD = { file: '/var/run/docker.pid', program: 'dockerd' };
const CONTAINERD = { file: '/var/run/docker/containerd/containerd.pid', program: 'containerd' };

/**
 * Starts Debian's Docker daemon and waits until it answers. A machine with systemd starts the unit; any other runs
 * `dockerd` in the background, where it outlives this process.
 * @throws SetupError with the end of the daemon's log if it does not start
 */
export async function startDaemon(endpoint: Endpoint, say: (line: string) => void): Promise<void> {
  if (existsSync('/run/systemd/system')) return startUnit(endpoint, say);
  clearStalePidFiles();
  const running = runningPid(DOCKERD);
  if (running !== undefined) {
    say(`engine: dockerd (process ${running}) is running but does not answer yet; waiting for it`);
    await untilItAnswers(endpoint, () => undefined, `To end it: kill -9 ${running}; then run this again.`);
    return;
  }
  say(`engine: starting dockerd (log: ${LOG_FILE})`);
  const log = openSync(LOG_FILE, 'a');
  const daemon = spawn('dockerd', [], { cwd: '/', detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let ended: string | undefined;
  daemon.once('error', (error) => (ended = error.message));
  daemon.once('exit', (code, signal) => (ended = `dockerd ended with ${signal ?? `code ${code ?? '?'}`}`));
  daemon.unref();
  // It may already have been started, for example by the package's script: waits for that one.
  await untilItAnswers(endpoint, () => (runningPid(DOCKERD) === undefined ? ended : undefined));
  daemon.removeAllListeners();
}

async function startUnit(endpoint: Endpoint, say: (line: string) => void): Promise<void> {
  const { execa } = await import('execa');
  say('engine: systemctl start docker');
  // A daemon that was killed several times has reached its start limit.
  await execa('systemctl', ['reset-failed', 'docker.service', 'docker.socket'], { reject: false });
  const { failed, stderr } = await execa('systemctl', ['start', 'docker.service'], { reject: false });
  if (failed) throw new SetupError(`systemctl could not start docker: ${stderr}\nSee: journalctl -u docker -n 50`);
  await untilItAnswers(endpoint, () => undefined);
}

/**
 * @param ended reason why the daemon has ended, or undefined while it may still start
 * @param remedy what to do about one that hangs
 */
async function untilItAnswers(endpoint: Endpoint, ended: () => string | undefined, remedy?: string): Promise<void> {
  const deadline = performance.now() + START_DEADLINE_MS;
  while (!(await answers(endpoint))) {
    const reason = ended();
    if (reason === undefined && performance.now() < deadline) {
      await delay(100);
      continue;
    }
    const lines = existsSync(LOG_FILE) ? readFileSync(LOG_FILE, 'utf8').trimEnd().split('\n').slice(-15) : [];
    throw new SetupError(
      [
        `The Docker daemon did not answer at ${endpoint.DOCKER_HOST}: ${reason ?? `waited ${START_DEADLINE_MS / 1000} s`}.`,
        ...(remedy === undefined ? [] : [remedy]),
        ...(lines.length > 0 ? [`The end of ${LOG_FILE}:`, ...lines.map((line) => `  ${line}`)] : []),
      ].join('\n'),
    );
  }
}

/** A killed daemon leaves its pid file, and refuses to start while *any* process has that number. */
function clearStalePidFiles(): void {
  for (const daemon of [DOCKERD, CONTAINERD]) {
    if (existsSync(daemon.file) && runningPid(daemon) === undefined) rmSync(daemon.file, { force: true });
  }
}

function runningPid({ file, program }: typeof DOCKERD): number | undefined {
  if (!existsSync(file)) return undefined;
  return livePid(readFileSync(file, 'utf8'), program, (pid) => {
    const status = `/proc/${pid}/status`;
    return existsSync(status) ? readFileSync(status, 'utf8') : undefined;
  });
}

/**
 * The process id in a pid file if that process is the program that wrote it; undefined if it is gone, a zombie, or
 * another program.
 * @param statusOf the text of /proc/PID/status, or undefined without such a process (proc(5))
 */
export function livePid(
  pidFile: string,
  program: string,
  statusOf: (pid: number) => string | undefined,
): number | undefined {
  const pid = Number(pidFile.trim());
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const status = statusOf(pid) ?? '';
  const name = /^Name:\s*(.*)$/m.exec(status)?.[1];
  const state = /^State:\s*(\S)/m.exec(status)?.[1];
  return name === program && state !== 'Z' && state !== 'X' ? pid : undefined;
}
