import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCompose } from './compose-program.ts';
import { missingTools } from './test-tools.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'l4lab-tools-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string): string {
  const file = join(folder, name);
  writeFileSync(file, '');
  chmodSync(file, 0o755);
  return file;
}

test('a browser is taken from PATH, or only from CHROMIUM if that is set', () => {
  const elsewhere = put('another-browser');
  expect(missingTools({ PATH: folder, CHROMIUM: elsewhere })).not.toContain('chromium');
  expect(missingTools({ PATH: folder })).toContain('chromium');
  put('chromium');
  expect(missingTools({ PATH: folder })).not.toContain('chromium');
  expect(missingTools({ PATH: folder, CHROMIUM: join(folder, 'gone') })).toContain('chromium');
});

test('Docker Compose may be a program on PATH, or a plugin of the docker command', () => {
  expect(findCompose({ PATH: folder }, '/nobody')).not.toBe(join(folder, 'docker-compose'));
  const program = put('docker-compose');
  expect(findCompose({ PATH: `/nowhere:${folder}` }, '/nobody')).toBe(program);
  mkdirSync(join(folder, '.docker/cli-plugins'), { recursive: true });
  const plugin = put('.docker/cli-plugins/docker-compose');
  expect(findCompose({ PATH: '/nowhere' }, folder)).toBe(plugin);
});
