import { plainNode } from './plain-node.testing.ts';

async function tag(...files: [name: string, content: string][]): Promise<string> {
  const code = "import { imageTag } from './build.mjs'; console.log(imageTag(JSON.parse(process.argv[1])))";
  return (await plainNode(code, JSON.stringify(files))).stdout;
}

test('an image is named after its content', async () => {
  const [first, same, other, renamed] = await Promise.all([
    tag(['Dockerfile', 'FROM a'], ['agent.js', '1']),
    tag(['Dockerfile', 'FROM a'], ['agent.js', '1']),
    tag(['Dockerfile', 'FROM a'], ['agent.js', '2']),
    tag(['Dockerfile', 'FROM a'], ['lb.js', '1']),
  ]);
  expect(first).toMatch(/^l4lab:[0-9a-f]{12}$/);
  expect(same).toBe(first);
  expect(new Set([first, other, renamed]).size).toBe(3);
});
