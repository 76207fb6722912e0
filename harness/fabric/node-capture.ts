import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type Dockerode from 'dockerode';
import { PcapReader } from '../agent/pcap.ts';
import type { RawFrame } from '../agent/protocol.ts';
import { isLowerDevice } from '../terms/trunk-interface.ts';
import { L4labError } from '../errors.ts';
import { didYouMean } from '../did-you-mean.ts';
import { NodeExec } from './node-exec.ts';

/**
 * tcpdump on one interface: whole frames, unbuffered. It ends with the shell's stdin, so that it never outlives its
 * caller.
 */
const SCRIPT = `exec 3<&0
tcpdump -i "$1" -w - -U --immediate-mode --time-stamp-precision=nano -s 0 -n -Z root </dev/null &
capture=$!
{ cat <&3; kill $capture; } >/dev/null 2>&1 &
wait $capture`;

/** Device types of a node's wire ends. */
const ENDS = ['veth', 'vlan'];

/** Names of a node's wire ends. @throws L4labError `invalid-input` if the requested one does not exist */
export async function interfacesOf(
  docker: Dockerode,
  { container, name }: { container: string; name: string },
  asked: string | undefined,
): Promise<string[]> {
  const exec = await NodeExec.start(docker.getContainer(container), ['ip', '-j', '-d', 'link']);
  const { stdout } = outputsOf(docker, exec);
  const links = JSON.parse(await text(stdout)) as { ifname: string; linkinfo?: { info_kind?: string } }[];
  const all = links.map(({ ifname }) => ifname);
  if (asked === undefined)
    return links
      .filter((link) => ENDS.includes(link.linkinfo?.info_kind ?? '') && !isLowerDevice(link.ifname))
      .map(({ ifname }) => ifname);
  if (all.includes(asked)) return [asked];
  throw new L4labError(
    'invalid-input',
    `${name} has no interface \`${asked}\`${didYouMean(asked, all)}; it has ${all.join(', ')}`,
  );
}

/** A capture on one interface of a node. */
export class NodeCapture {
  #stderr = '';
  readonly #listening: Promise<void>;
  /** Resolves when it has ended, for any reason. @throws Error if the stream is not a capture */
  readonly ended: Promise<void>;

  private constructor(
    docker: Dockerode,
    private readonly exec: NodeExec,
    onFrames: (frames: RawFrame[]) => void,
  ) {
    const { stdout, stderr } = outputsOf(docker, exec);
    const reader = new PcapReader();
    stdout.on('data', (piece: Buffer) => {
      const frames = reader.read(piece);
      if (frames.length > 0) onFrames(frames);
    });
    this.ended = exec.ended().then(() => undefined);
    this.ended.catch(() => undefined);
    this.#listening = new Promise((resolve, reject) => {
      stderr.on('data', (piece: Buffer) => {
        this.#stderr += piece.toString();
        if (this.#stderr.includes('listening on')) resolve();
      });
      void this.ended.finally(() => reject(new L4labError('node-failed', `tcpdump ended: ${this.#stderr.trim()}`)));
    });
    this.#listening.catch(() => undefined);
  }

  /**
   * Starts capturing, and resolves once tcpdump is listening.
   * @throws L4labError `node-failed` with tcpdump's output
   */
  static async start(
    docker: Dockerode,
    container: string,
    iface: string,
    onFrames: (frames: RawFrame[]) => void,
  ): Promise<NodeCapture> {
    const exec = await NodeExec.start(docker.getContainer(container), ['sh', '-c', SCRIPT, 'sh', iface]);
    const capture = new NodeCapture(docker, exec, onFrames);
    await capture.#listening;
    return capture;
  }

  /** Stops tcpdump and waits for its end. */
  async stop(): Promise<void> {
    this.exec.stream.end();
    await this.ended;
  }
}

/** stdout and stderr of a command without terminal. */
export function outputsOf(docker: Dockerode, { stream }: NodeExec): { stdout: PassThrough; stderr: PassThrough } {
  const outputs = { stdout: new PassThrough(), stderr: new PassThrough() };
  const modem = docker.modem as { demuxStream(from: NodeJS.ReadableStream, o: PassThrough, e: PassThrough): void };
  modem.demuxStream(stream, outputs.stdout, outputs.stderr);
  for (const event of ['end', 'close'])
    stream.on(event, () => Object.values(outputs).forEach((output) => output.end()));
  return outputs;
}
