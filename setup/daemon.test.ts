import { livePid } from './daemon.ts';

const process = (name: string, state: string) => `Name:\t${name}\nUmask:\t0022\nState:\t${state}\nPid:\t4711\n`;
const table = (status: string) => (pid: number) => (pid === 4711 ? status : undefined);

test('a pid file of a running daemon is obeyed', () => {
  expect(livePid('4711\n', 'dockerd', table(process('dockerd', 'S (sleeping)')))).toBe(4711);
});

test.each([
  ['its process is gone', '12', process('dockerd', 'S (sleeping)')],
  ['its process was killed and nobody has taken note', '4711', process('dockerd', 'Z (zombie)')],
  ['its number went to another program', '4711', process('node', 'S (sleeping)')],
  ['it is empty', '', process('dockerd', 'S (sleeping)')],
  ['it holds no number', 'x', process('dockerd', 'S (sleeping)')],
])('a pid file is stale when %s', (_, text, status) => {
  expect(livePid(text, 'dockerd', table(status))).toBeUndefined();
});
