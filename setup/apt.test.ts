import { isDebianFamily } from './apt.ts';

test.each([
  ['Debian', 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n'],
  ['Ubuntu', 'ID=ubuntu\nID_LIKE=debian\n'],
  ['a child of Ubuntu', 'ID="linuxmint"\nID_LIKE="ubuntu debian"\n'],
])('%s has Debian’s packages', (_, text) => {
  expect(isDebianFamily(text)).toBe(true);
});

test.each([
  ['Fedora', 'ID=fedora\nVERSION_ID=41\n'],
  ['Rocky', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n'],
  ['a file that says nothing', ''],
])('%s has not', (_, text) => {
  expect(isDebianFamily(text)).toBe(false);
});
