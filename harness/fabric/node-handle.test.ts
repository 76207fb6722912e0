import { PassThrough } from 'node:stream';
import { jest } from '@jest/globals';
import type Dockerode from 'dockerode';
import { NodeHandle } from './node-handle.ts';

/** A line to an agent that never says a word. */
function silent(): { node: NodeHandle; stream: PassThrough } {
  const stream = new PassThrough();
  const container = { modem: { demuxStream: () => undefined } } as unknown as Dockerode.Container;
  return { node: new NodeHandle('s1', container, stream), stream };
}

const FIRE = {
  token: 'l4lab-00000000',
  protocol: 'tcp' as const,
  address: '203.0.113.80',
  port: 80,
  sourcePort: 20000,
  bytes: { request: 0, reply: 0 },
  exchanges: 1,
  timeoutMs: 15_000,
};

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('an agent that does not start is reported with the time that was waited', async () => {
  const { node } = silent();
  const failure = expect(node.greeted()).rejects.toMatchObject({
    code: 'timeout',
    fault: { code: 'agent-late', params: { node: 's1', seconds: 60, output: '' } },
  });
  await jest.advanceTimersByTimeAsync(60_000);
  await failure;
});

test('a hung node fails permanently, with all of its pending calls', async () => {
  const { node } = silent();
  const awaited = {
    code: 'timeout',
    fault: { code: 'call-late', params: { node: 's1', method: 'drain', seconds: 20, output: '' } },
  };
  const fired = expect(node.call('fire', FIRE)).rejects.toMatchObject(awaited);
  const drained = expect(node.call('drain', null)).rejects.toMatchObject(awaited);
  await jest.advanceTimersByTimeAsync(20_000);
  await Promise.all([fired, drained]);
  await expect(node.call('reset', null)).rejects.toMatchObject(awaited);
});

test('a flow may take longer than a query', async () => {
  const { node } = silent();
  const settled = jest.fn();
  node.call('fire', FIRE).catch(settled);
  await jest.advanceTimersByTimeAsync(59_000);
  expect(settled).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(1000);
  expect(settled).toHaveBeenCalled();
});

test('a node is gone when its connection ends', async () => {
  const { node, stream } = silent();
  const failure = expect(node.call('drain', null)).rejects.toMatchObject({
    code: 'node-failed',
    fault: { code: 'node-gone', params: { node: 's1', exitCode: null, output: '' } },
  });
  stream.destroy();
  await failure;
});
