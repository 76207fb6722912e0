import type { Sets } from './profiles/profile.ts';

const PLACES: Record<keyof Sets, string> = { service: 'service', check: 'check', servers: 'servers', l4: 'L4' };

/** Settings as text: `service { mode: dnat }, L4 { onIdle: reset }`. */
export function profileText(all: Sets[]): string {
  return settings(all)
    .map(({ place, fields }) => `${place} { ${fields.join(', ')} }`)
    .join(', ');
}

/** The same in markdown. */
export function profileMarkdown(all: Sets[]): string {
  return settings(all)
    .map(({ place, fields }) => `${place}: ${fields.map((field) => `\`${field}\``).join(', ')}`)
    .join('; ');
}

function settings(all: Sets[]): { place: string; fields: string[] }[] {
  return (Object.keys(PLACES) as (keyof Sets)[]).flatMap((place) => {
    const set = Object.entries(Object.assign({}, ...all.map((sets) => sets[place])) as object);
    const fields = set.map(([field, value]) => `${field}: ${Array.isArray(value) ? `[${value.join(', ')}]` : value}`);
    return fields.length === 0 ? [] : [{ place: PLACES[place], fields }];
  });
}
