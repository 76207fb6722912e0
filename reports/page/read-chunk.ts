import type { PageIndex } from '../page-index.ts';
import { type PackedVariant, type PageVariant, unpackVariant } from '../page-variant.ts';

const variants = new Map<string, Promise<PageVariant>>();

/** The index that stands in the page. */
export function readIndex(): Promise<PageIndex> {
  return readChunk<PageIndex>('index');
}

/** Details of a variant, by its place in the index; decoded once. */
export function readVariant(scenario: number, variant: number): Promise<PageVariant> {
  const id = `variant-${scenario}-${variant}`;
  const reading = variants.get(id) ?? readChunk<PackedVariant>(id).then(unpackVariant);
  variants.set(id, reading);
  return reading;
}

async function readChunk<T>(id: string): Promise<T> {
  const text = document.getElementById(id)?.textContent ?? '';
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return (await new Response(stream).json()) as T;
}
