import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import Dockerode from 'dockerode';
import { execa } from 'execa';
import { makeFilesystem } from './disk.ts';

/** Files for a machine, mounted at /files. */
export interface Contents {
  /** The project's folder: its last commit becomes l4lab.bundle. */
  root: string;
  /** Name of the lab image, which becomes image.tar: building it here takes a tenth of the time. Includes packages. */
  image: string | undefined;
}

/** Creates a file system with the files for a machine. @returns its file */
export async function makeFilesDisk({ root, image }: Contents, cache: string): Promise<string> {
  const folder = join(cache, 'files');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // A bundle, since git rejects repositories owned by another user.
  await execa('git', ['bundle', 'create', '-q', join(folder, 'l4lab.bundle'), 'HEAD'], { cwd: root });
  if (image !== undefined) {
    await execa('cp', ['-a', '--reflink=auto', join(root, 'node_modules'), join(folder, 'node_modules')]);
    await pipeline(await new Dockerode().getImage(image).get(), createWriteStream(join(folder, 'image.tar')));
  }
  const file = `${folder}.img`;
  await makeFilesystem(folder, file, '2G');
  await rm(folder, { recursive: true });
  return file;
}
