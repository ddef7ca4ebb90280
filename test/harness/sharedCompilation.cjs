const vm = require('node:vm');
const { TestEnvironment } = require('jest-environment-node');

/** Compiled modules of this process by file name, with the source that they were compiled from. */
const compiled = new Map();

/**
 * Jest compiles every module again for each test file. Here a process compiles a module once and runs it in the context of
 * each test file, which still has modules of its own: loading mongoose or Temporal's packages is most of what a short test
 * costs.
 */
function compileOnce(source, parameters, { filename, parsingContext, importModuleDynamically }) {
  const known = compiled.get(filename);
  let script = known?.script;
  if (known?.source !== source) {
    const wrapper = `(function (${parameters.join(', ')}) {`;
    script = new vm.Script(`${wrapper}${source}\n})`, {
      filename,
      columnOffset: -wrapper.length,
      importModuleDynamically,
    });
    compiled.set(filename, { source, script });
  }
  return script.runInContext(parsingContext);
}

const { compileFunction } = vm;
vm.compileFunction = (source, parameters, options) =>
  options?.parsingContext === undefined
    ? compileFunction(source, parameters, options)
    : compileOnce(source, parameters, options);

module.exports = TestEnvironment;
