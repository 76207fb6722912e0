import { surplusImages, type Image } from './surplus-images.ts';

const image = (Created: number): Image => ({ Id: `id-${Created}`, Created, RepoTags: [`l4lab:${Created}`] });

test('the newest two images stay, in whatever order the engine lists them', () => {
  expect(surplusImages([image(2), image(4), image(1), image(3)], new Set())).toEqual(['l4lab:2', 'l4lab:1']);
});

test('an image that a container was made of stays', () => {
  expect(surplusImages([image(1), image(2), image(3), image(4)], new Set(['id-1']))).toEqual(['l4lab:2']);
});

test('an image without a name is nobody’s to remove', () => {
  const nameless: Image = { Id: 'x', Created: 1, RepoTags: null };
  expect(surplusImages([nameless, image(2), image(3)], new Set())).toEqual([]);
});
