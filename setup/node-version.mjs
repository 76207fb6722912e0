// @ts-check

/**
 * @param {string} version this Node's version, such as "20.19.1"
 * @param {string} range what package.json asks for, ">=" and a version
 */
export function checkNode(version, range) {
  const wanted = range.replace('>=', '');
  if (isAtLeast(version, wanted)) return;
  const message = `l4lab needs Node ${wanted} or later; this is ${version}. Install a newer one, then run this again.`;
  throw Object.assign(new Error(message), { exitCode: 3 });
}

/**
 * @param {string} version
 * @param {string} wanted it may leave out its last parts
 */
function isAtLeast(version, wanted) {
  const have = version.split('.').map(Number);
  for (const [index, number] of wanted.split('.').map(Number).entries()) {
    const part = have[index] ?? 0;
    if (part !== number) return part > number;
  }
  return true;
}
