/** The engine's description of an image: `Created` in seconds since 1970. */
export interface Image {
  Id: string;
  Created: number;
  RepoTags?: string[] | null | undefined;
}

/** Number of newest images to keep, so that switching between two versions builds nothing. */
const KEPT = 2;

/**
 * Another checkout may use an image without a container at the moment. Images differ only in their last layers, about
 * 12 MB, so keeping them for a week is cheap.
 */
const IN_USE_FOR_S = 7 * 86_400;

/**
 * Lab images to remove: not among the newest two, nor the latest setup's, nor built within the last week, nor used by
 * a container.
 * @param imagesInUse ids of images that have containers
 * @param now seconds since 1970
 * @returns their names
 */
export function surplusImages(images: readonly Image[], imagesInUse: ReadonlySet<string>, now: number): string[] {
  return images
    .toSorted((a, b) => b.Created - a.Created)
    .slice(KEPT)
    .filter(({ Id, Created }) => !imagesInUse.has(Id) && Created < now - IN_USE_FOR_S)
    .map(({ RepoTags }) => RepoTags ?? [])
    .filter((names) => !names.includes('l4lab:latest'))
    .flat();
}
