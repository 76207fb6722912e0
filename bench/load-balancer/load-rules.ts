import { writeFile } from 'node:fs/promises';
import type { NetnsLab } from '../../lb/netns/netns-lab.ts';

/** Loads nft rules in a node, from a file with this name. */
export async function loadRules(lab: NetnsLab, node: string, name: string, rules: string): Promise<void> {
  const file = lab.file(`${name}.nft`);
  await writeFile(file, rules);
  await lab.exec(node, 'nft', '-f', file);
}
