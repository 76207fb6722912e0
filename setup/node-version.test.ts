import { plainNode } from './plain-node.testing.ts';

async function complaint(version: string): Promise<string> {
  const code = `import { checkNode } from './node-version.mjs';
    try { checkNode(process.argv[1], '>=20.19'); } catch (error) { console.log(error.exitCode, error.message); }`;
  return (await plainNode(code, version)).stdout;
}

test.each(['20.19.0', '20.20.2', '22.0.0', '100.1.0'])('Node %s will do', async (version) => {
  expect(await complaint(version)).toBe('');
});

test.each(['18.20.8', '20.9.0', '20.18.3'])('Node %s is too old, and the message says what to do', async (version) => {
  expect(await complaint(version)).toBe(
    `3 l4lab needs Node 20.19 or later; this is ${version}. Install a newer one, then run this again.`,
  );
});
