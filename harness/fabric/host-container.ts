import type Dockerode from 'dockerode';
import type { Fault } from '../terms/fault.ts';
import { EnvironmentError } from '../errors.ts';
import { runBriefly } from './brief-container.ts';
import { LAB_LABEL, OWNER_LABEL, ownerLabel } from './labels.ts';

/** Last line of output of a completed script. */
const DONE = 'l4lab-done';

/**
 * Runs a shell script in a short-lived container in the network namespace of the engine's host, which may be another
 * machine.
 * @param options.args arguments of the script, `$1` and on
 * @param options.admin whether it may change that network and see its rules
 * @returns its output
 * @throws L4labError `engine-unavailable` if it cannot run or a command fails
 */
export async function onHostNetwork(
  docker: Dockerode,
  image: string,
  { script, args = [], admin }: { script: string; args?: string[]; admin: boolean },
): Promise<string> {
  try {
    const { stdout, stderr } = await runBriefly(docker, {
      Image: image,
      Cmd: ['sh', '-c', `set -e\n${script}\necho ${DONE}`, 'sh', ...args],
      Labels: { [LAB_LABEL]: 'probe', [OWNER_LABEL]: ownerLabel() },
      HostConfig: {
        NetworkMode: 'host',
        AutoRemove: true,
        CapDrop: ['ALL'],
        CapAdd: admin ? ['NET_ADMIN'] : [],
        LogConfig: { Type: 'none', Config: {} },
      },
    });
    if (!stdout.endsWith(`${DONE}\n`)) throw new Error(stderr.trim());
    return stdout.slice(0, -DONE.length - 1);
  } catch (error) {
    const fault: Fault = { code: 'host-container-failed', params: { error: (error as Error).message } };
    throw new EnvironmentError('engine-unavailable', fault, { cause: error });
  }
}
