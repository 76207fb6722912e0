import Dockerode from 'dockerode';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { clientOptions, requireEndpoint } from './endpoint.ts';
import { CONTENT_LABEL, pullPushed, pushedName } from './pushed-image.ts';

test.each([
  ['registry.example/l4lab', 'registry.example/l4lab:0123'],
  ['registry.example:5000/l4lab', 'registry.example:5000/l4lab:0123'],
  ['registry.example:5000/l4lab:mine', 'registry.example:5000/l4lab:mine'],
])('%s is pushed as %s', (name, pushed) => {
  expect(pushedName(name, 'l4lab:0123')).toBe(pushed);
});

const digestOf = (content: Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** As much of a registry (OCI distribution 1.1) as a pull asks for: one image of one empty layer. */
function registry(labels: Record<string, string>): Server {
  // Two blocks of zeros end a tar archive.
  const layer = Buffer.alloc(1024);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Labels: labels },
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
      history: [{ created_by: 'a test' }],
    }),
  );
  const part = (mediaType: string, content: Buffer) => ({ mediaType, size: content.length, digest: digestOf(content) });
  const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: part('application/vnd.docker.container.image.v1+json', config),
      layers: [part('application/vnd.docker.image.rootfs.diff.tar', layer)],
    }),
  );
  const blobs = [config, layer];
  return createServer((request, response) => {
    const path = request.url ?? '';
    const blob = blobs.find((one) => path.endsWith(digestOf(one)));
    const content = path === '/v2/' ? Buffer.from('{}') : path.includes('/manifests/') ? manifest : blob;
    response.writeHead(content ? 200 : 404, {
      'Content-Type': content === manifest ? mediaType : 'application/octet-stream',
      ...(content === manifest ? { 'Docker-Content-Digest': digestOf(manifest) } : {}),
      'Content-Length': content?.length ?? 0,
    });
    response.end(request.method === 'HEAD' ? undefined : content);
  });
}

test('an image that was pushed is pulled by its content, and refused when that is of another version', async () => {
  const docker = new Dockerode(clientOptions(await requireEndpoint()));
  const tag = `l4lab-pulled:${process.pid}`;
  const server = registry({ [CONTENT_LABEL]: tag });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const name = `127.0.0.1:${(server.address() as AddressInfo).port}/l4lab`;
  const pull = (wanted: string, from = name) => pullPushed(docker, { name: from, tag: wanted }, () => undefined);
  try {
    await pull(tag);
    expect((await docker.getImage(tag).inspect()).RepoTags).toContain(`${name}:${process.pid}`);
    await expect(pull('l4lab-pulled:other')).rejects.toThrow(
      `is ${tag}, but this version of l4lab needs l4lab-pulled:other.\nPush this version's: npx l4lab image --push ${name}`,
    );
    await expect(pull(tag, '127.0.0.1:1/nothing')).rejects.toThrow(/^The lab image .* cannot be pulled: /);
  } finally {
    server.close();
    await docker.getImage(tag).remove({ force: true });
    for (const version of [String(process.pid), 'other'])
      await docker
        .getImage(`${name}:${version}`)
        .remove()
        .catch(() => undefined);
  }
}, 60_000);
