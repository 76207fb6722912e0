/** What the engine says of an image: `Created` in seconds since 1970. */
export interface Image {
  Id: string;
  Created: number;
  RepoTags?: string[] | null | undefined;
}

/** The newest images stay, so that going back and forth between two versions builds nothing. */
const KEPT = 2;

/**
 * Another checkout may use an image that has no container right now. Images differ by their last layers, some 12 MB, so
 * keeping them for a week costs little.
 */
const IN_USE_FOR_S = 7 * 86_400;

/**
 * The lab images that may go: neither among the newest two, nor the one of the last set-up, nor
 * made within the last week, nor with a container.
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
