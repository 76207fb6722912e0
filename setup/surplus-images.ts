/** What the engine says of an image: `Created` in seconds since 1970. */
export interface Image {
  Id: string;
  Created: number;
  RepoTags?: string[] | null | undefined;
}

/** The newest images stay, so that going back and forth between two versions builds nothing. */
const KEPT = 2;

/**
 * The lab images that may go: all but the newest two and those that a container was made of.
 * @param imagesInUse ids of images that have containers
 * @returns their names
 */
export function surplusImages(images: readonly Image[], imagesInUse: ReadonlySet<string>): string[] {
  return images
    .toSorted((a, b) => b.Created - a.Created)
    .slice(KEPT)
    .filter(({ Id }) => !imagesInUse.has(Id))
    .flatMap(({ RepoTags }) => RepoTags ?? []);
}
