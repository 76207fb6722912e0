import { createInterface } from 'node:readline';
import { startupSnapshot } from 'node:v8';
import type { AgentFault } from '../terms/fault.ts';
import { AgentError } from './programs/agent-error.ts';
import { configureStandalone } from './standalone.ts';
import { Node } from './node.ts';
import type { Call, FromAgent } from './protocol.ts';

/**
 * The program inside every node, process 1 of its container. With a harness it receives calls on stdin and exits when
 * stdin closes, so that no node outlives its harness. With a plan in L4LAB_NODE (Docker Compose) it configures itself
 * and runs until SIGTERM.
 */
async function main(): Promise<void> {
  process.on('unhandledRejection', (error) => {
    console.error(error);
    process.exit(1);
  });
  let detached = false;
  const standalone = process.env['L4LAB_NODE'];
  const onDetach = (): void => void (detached = true);
  const node = new Node(send, onDetach);
  const end = (): void => void node.stop().finally(() => process.exit(0));
  process.on('SIGTERM', end);
  // Nothing else keeps a standalone agent alive.
  setInterval(() => undefined, 2 ** 30);
  if (standalone !== undefined) return configureStandalone(node, standalone);
  createInterface({ input: process.stdin })
    .on('line', (line) => void answer(node, JSON.parse(line) as Call))
    .on('close', () => {
      if (!detached) end();
    });
  send({ event: 'hello' });
}

async function answer(node: Node, { id, method, params }: Call): Promise<void> {
  try {
    const call = node.calls[method] as (params: unknown) => Promise<unknown>;
    send({ id, result: await call(params) });
  } catch (error) {
    const other: AgentFault = { code: 'agent-failed', params: { error: (error as Error).message } };
    send({ id, error: error instanceof AgentError ? error.fault : other });
  }
}

function send(message: FromAgent): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

// The image contains a start-up snapshot of the loaded program (image/start.sh), which continues here.
if (startupSnapshot.isBuildingSnapshot()) startupSnapshot.setDeserializeMainFunction(() => void main());
else void main();
