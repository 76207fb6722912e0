/** What the engine says of an image: `Created` in seconds since 1970. */
export interface Image {
  Id: string;
  Created: number;
  RepoTags?: string[] | null | undefined;
}

/** The newest images stay, so that going back and forth between two versions builds nothing. */
const KEPT = 2;

/** A run of another clone holds no container of its image between two labs. */
const IN_USE_FOR_S = 3600;

/**
 * The lab images that may go: neither among the newest two, nor the one of the last set-up, nor
 * made within the last hour, nor with a container.
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
