import { memoryInUse } from './memory.ts';

test('cached files do not count, under cgroup version 2', () => {
  expect(memoryInUse('21094400\r\nanon 18000000\r\nfile 3000000\r\ninactive_file 1000000\r\nactive_file 5\r\n')).toBe(
    20094400,
  );
});

test('nor under version 1, where the group’s children are part of it', () => {
  expect(memoryInUse('21094400\r\ncache 9\r\ninactive_file 7\r\ntotal_cache 9\r\ntotal_inactive_file 94400\r\n')).toBe(
    21000000,
  );
});
