import type { PageIndex } from '../../content/page-index.ts';
import { type PackedScenario, type PageVariant, unpackVariant } from '../../content/page-details.ts';

const scenarios = new Map<number, Promise<PackedScenario>>();
const variants = new Map<string, Promise<PageVariant>>();
const decoded = new Map<string, PageVariant>();

/** The index embedded in the page. */
export function readIndex(): Promise<PageIndex> {
  return readChunk<PageIndex>('index');
}

/** Details of a variant, by its position in the index; decoded once. */
export function readVariant(scenario: number, variant: number): Promise<PageVariant> {
  const chunk = scenarios.get(scenario) ?? readChunk<PackedScenario>(`scenario-${scenario}`);
  scenarios.set(scenario, chunk);
  const place = placeOf(scenario, variant);
  const reading =
    variants.get(place) ??
    chunk.then((packed) => {
      const details = unpackVariant(packed, variant);
      decoded.set(place, details);
      return details;
    });
  variants.set(place, reading);
  return reading;
}

/** Details of a variant if already decoded; else null. */
export function decodedVariant(scenario: number, variant: number): PageVariant | null {
  return decoded.get(placeOf(scenario, variant)) ?? null;
}

function placeOf(scenario: number, variant: number): string {
  return `${scenario}/${variant}`;
}

async function readChunk<T>(id: string): Promise<T> {
  const text = document.getElementById(id)?.textContent ?? '';
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return (await new Response(stream).json()) as T;
}
