import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import Dockerode from 'dockerode';
import { execa } from 'execa';
import { makeFilesystem } from './disk.ts';

/** What a machine takes along, to be found in the folder /files. */
export interface Contents {
  /** The project's folder: its last commit becomes l4lab.bundle. */
  root: string;
  /** Name of the lab image, which becomes image.tar: made here in a tenth of the time. Packages come along as well. */
  image: string | undefined;
}

/** Makes a file system of what a machine takes along. @returns its file */
export async function makeFilesDisk({ root, image }: Contents, cache: string): Promise<string> {
  const folder = join(cache, 'files');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // A file, since git takes no repository that another user owns.
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
