import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainNode } from './plain-node.testing.ts';

type Packages = Record<string, { version: string; integrity?: string; optional?: boolean }>;

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'l4lab-packages-'))));
afterEach(() => rmSync(root, { recursive: true }));

/** Asks of a folder with this lock file, and with what npm noted when it had installed. */
async function areCurrent(wanted: Packages, installed?: Packages): Promise<boolean> {
  const project = { version: '1.0.0' };
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': project, ...wanted } }));
  mkdirSync(join(root, 'node_modules'));
  if (installed) writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
  const code = "import { packagesAreCurrent } from './packages.mjs'; console.log(packagesAreCurrent(process.argv[1]))";
  return (await plainNode(code, root)).stdout === 'true';
}

const yaml = { 'node_modules/yaml': { version: '2.9.1', integrity: 'sha512-a' } };
const elsewhere = { 'node_modules/only-on-windows': { version: '1.0.0', optional: true } };

test('packages that match the lock file are current', async () => {
  expect(await areCurrent(yaml, yaml)).toBe(true);
});

test('a package for another platform may be absent', async () => {
  expect(await areCurrent({ ...yaml, ...elsewhere }, yaml)).toBe(true);
});

test('an installation that never ended is not current', async () => {
  expect(await areCurrent(yaml)).toBe(false);
});

test('a package added to the lock file is missing', async () => {
  expect(await areCurrent({ ...yaml, 'node_modules/zod': { version: '4.0.0' } }, yaml)).toBe(false);
});

test('another version of a package is noticed, and other content under the same version', async () => {
  expect(await areCurrent(yaml, { 'node_modules/yaml': { version: '2.9.0', integrity: 'sha512-a' } })).toBe(false);
  rmSync(join(root, 'node_modules'), { recursive: true });
  expect(await areCurrent(yaml, { 'node_modules/yaml': { version: '2.9.1', integrity: 'sha512-b' } })).toBe(false);
});
