import { surplusImages, type Image } from './surplus-images.ts';

const image = (Created: number): Image => ({ Id: `id-${Created}`, Created, RepoTags: [`l4lab:${Created}`] });
const DAY = 86_400;
const muchLater = 100 * DAY;

test('the newest two images stay, in whatever order the engine lists them', () => {
  const images = [image(2), image(4), image(1), image(3)];
  expect(surplusImages(images, new Set(), muchLater)).toEqual(['l4lab:2', 'l4lab:1']);
});

test('an image that a container was made of stays', () => {
  const images = [image(1), image(2), image(3), image(4)];
  expect(surplusImages(images, new Set(['id-1']), muchLater)).toEqual(['l4lab:2']);
});

test('an image of the last week stays, even without a container: another checkout may use it', () => {
  const images = [9, 3, 2, 1].map((daysAgo) => image(muchLater - daysAgo * DAY));
  expect(surplusImages(images, new Set(), muchLater)).toEqual([`l4lab:${muchLater - 9 * DAY}`]);
});

test('the image of the last setup stays, however old', () => {
  const latest: Image = { Id: 'x', Created: 1, RepoTags: ['l4lab:1', 'l4lab:latest'] };
  expect(surplusImages([latest, image(2), image(3), image(4)], new Set(), muchLater)).toEqual(['l4lab:2']);
});

test('an image without a name is not removed', () => {
  const nameless: Image = { Id: 'x', Created: 1, RepoTags: null };
  expect(surplusImages([nameless, image(2), image(3)], new Set(), muchLater)).toEqual([]);
});
