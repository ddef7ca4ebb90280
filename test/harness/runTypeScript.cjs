/** `node -r` this file runs TypeScript from source, so that child processes of tests never load a stale dist/. */
const { readFileSync } = require('node:fs');
const { transformSync } = require('@swc/core');

require.extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    sourceMaps: 'inline',
    jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
    module: { type: 'commonjs' },
  });
  // oxlint-disable-next-line no-underscore-dangle -- Node's own name for it
  module._compile(code, filename);
};
