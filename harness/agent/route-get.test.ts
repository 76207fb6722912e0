import { routeAnswer } from './route-get.ts';

const refused = (stderr: string) => ({ code: 2, stdout: '', stderr });

test.each([
  ['routed', { code: 0, stdout: '198.51.100.10 via 203.0.113.1 dev l2 src 203.0.113.2 uid 0', stderr: '' }],
  ['routed', { code: 0, stdout: 'local 203.0.113.12 from 198.51.100.10 dev lo', stderr: '' }],
  ['no-route', refused('RTNETLINK answers: Network is unreachable')],
  ['no-route', { code: 0, stdout: 'unreachable 2001:db8::1 from :: dev lo metric 4294967295 error -101', stderr: '' }],
  ['reverse-path', refused('RTNETLINK answers: Invalid cross-device link')],
  ['source-refused', refused('RTNETLINK answers: Invalid argument')],
  ['unknown', refused('Cannot find device "l2"')],
])('%s: output of ip route get is read as data', (answer, ended) => {
  expect(routeAnswer(ended)).toBe(answer);
});
