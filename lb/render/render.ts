import { renderChecks } from './checks.ts';
import { renderDsr } from './dsr.ts';
import type { RenderInput } from './input.ts';
import { renderNat } from './nat.ts';
import { renderRefusals } from './refuse.ts';
import type { Table } from './ruleset.ts';

/** The tables that make the kernel do what the configuration says; pure. */
export function render(input: RenderInput): Table[] {
  const tables: Table[] = [
    { family: 'inet', ...join(renderRefusals(input), renderNat(input)) },
    { family: 'netdev', ...join(renderDsr(input), renderChecks(input)) },
  ];
  return tables.filter(({ chains }) => chains.length > 0);
}

function join(...parts: Pick<Table, 'maps' | 'chains'>[]): Pick<Table, 'maps' | 'chains'> {
  return { maps: parts.flatMap(({ maps }) => maps), chains: parts.flatMap(({ chains }) => chains) };
}
