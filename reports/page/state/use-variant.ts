import { useEffect, useState } from 'preact/hooks';
import type { PageVariant } from '../../content/page-details.ts';
import { decodedVariant, readVariant } from './read-chunk.ts';

/** Details of a variant; null until they are loaded. */
export function useVariant(scenario: number, variant: number): PageVariant | null {
  const [read, setRead] = useState<{ of: string; variant: PageVariant } | null>(null);
  const of = `${scenario}/${variant}`;
  useEffect(() => {
    let current = true;
    if (scenario >= 0 && variant >= 0) {
      void readVariant(scenario, variant).then((details) => {
        if (current) setRead({ of, variant: details });
      });
    }
    return () => {
      current = false;
    };
  }, [of]);
  return read?.of === of ? read.variant : decodedVariant(scenario, variant);
}
