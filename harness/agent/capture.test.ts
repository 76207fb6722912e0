import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Capture } from './capture.ts';

/** Says what tcpdump says of itself when it is asked, after it has missed frames. */
const MISSED = `#!/bin/sh
trap 'echo "0 packets captured, 3 packets received by filter, 3 packets dropped by kernel" >&2' USR1
echo "tcpdump: listening on eth0" >&2
while :; do sleep 0.02; done
`;

test('frames dropped by the kernel are reported once, as a failure', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'l4lab-capture-'));
  const program = join(folder, 'tcpdump');
  writeFileSync(program, MISSED);
  chmodSync(program, 0o755);
  const capture = new Capture('eth0', () => undefined, program);
  try {
    await capture.started();
    await expect(capture.drain()).rejects.toMatchObject({
      fault: { code: 'capture-overflow', params: { iface: 'eth0', frames: 3 } },
    });
    await expect(capture.drain()).resolves.toBeUndefined();
  } finally {
    await capture.stop();
    rmSync(folder, { recursive: true });
  }
});
