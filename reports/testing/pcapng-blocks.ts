/** Blocks of a pcapng file: type and body, as in the format's draft. @throws Error if one is incomplete */
export function blocksOf(file: Buffer): { type: number; body: Buffer }[] {
  const blocks = [];
  for (let at = 0; at < file.length;) {
    const length = file.readUInt32LE(at + 4);
    if (file.readUInt32LE(at + length - 4) !== length) throw new Error(`no block of ${length} bytes at ${at}`);
    blocks.push({ type: file.readUInt32LE(at), body: file.subarray(at + 8, at + length - 4) });
    at += length;
  }
  return blocks;
}
