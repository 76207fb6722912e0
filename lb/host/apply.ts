import type { Table } from '../render/ruleset.ts';
import { TABLE, formatTable } from '../render/ruleset.ts';
import { run } from './run.ts';

const FAMILIES = ['inet', 'netdev'] as const;

/** Replaces the load balancer's tables in one transaction: packets meet the old rules or the new ones. */
export async function applyTables(tables: Table[]): Promise<void> {
  await nft([...FAMILIES.map(forget), ...tables.map(formatTable)].join(''));
}

/** Takes the load balancer's tables out; other tables are left alone. */
export async function removeTables(): Promise<void> {
  await nft(FAMILIES.map(forget).join(''));
}

/** Deletes a table whether it is there or not. */
function forget(family: string): string {
  return `add table ${family} ${TABLE}\ndelete table ${family} ${TABLE}\n`;
}

async function nft(script: string): Promise<void> {
  await run('nft-failed', 'nft', ['-f', '-'], script);
}
