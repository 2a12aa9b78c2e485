// Says one clear sentence when Node is too old. Written in the JavaScript of Node 12, which has to be able to read it;
// whatever uses newer language is loaded after this check.

const WANTED = [20, 19];

export function checkNode(version) {
  const parts = version.split('.').map(Number);
  const enough = parts[0] > WANTED[0] || (parts[0] === WANTED[0] && parts[1] >= WANTED[1]);
  if (enough) return;
  console.error(
    'Cordboard needs Node.js ' + WANTED.join('.') + ' or newer, and this is ' + version + ': install a newer Node.js.',
  );
  process.exit(1);
}
