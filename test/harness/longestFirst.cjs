const { default: TestSequencer } = require('@jest/test-sequencer');

/** Seconds that a test file takes by itself, for those that take long. What is missing here takes less. */
const SECONDS = {
  'integration/deploy/image': 140,
  'integration/chaos': 140,
  'integration/operatorActions': 95,
  'integration/resetAtFaultPoints': 80,
  'integration/workerCrash': 60,
  'integration/terminateAtFaultPoints': 60,
  'integration/packedClient': 50,
  'integration/schedule': 45,
  'integration/demo': 40,
  'integration/stackLifecycle': 40,
  'integration/deploy/chart': 40,
  'unit/simulation/simulation': 14,
  'unit/simulation/plantedBugs': 10,
  'unit/verify/signedLies': 8,
  'unit/docs/codeExamples': 7,
  'unit/campaign/innocent': 5,
  'unit/verify/verifySince': 5,
  'unit/activities/sealManifest': 4,
};
const OTHERS = { integration: 15, unit: 1 };

/**
 * Starts the longest files first, so that the workers of Jest end at about the same time. Jest itself does so only where an
 * earlier run left its durations, which a fresh clone does not have.
 */
class LongestFirst extends TestSequencer {
  sort(tests) {
    // oxlint-disable-next-line unicorn/no-array-sort -- the method of the class, which finds the durations
    const known = super.sort(tests);
    return known.toSorted((left, right) => secondsOf(right) - secondsOf(left));
  }
}

/** Of an earlier run, if there was one. */
function secondsOf({ path, duration }) {
  if (duration !== undefined) return duration / 1000;
  const [, name, project] = /\/test\/((\w+)\/.*)\.test\.ts$/.exec(path) ?? [];
  return SECONDS[name] ?? OTHERS[project] ?? 0;
}

module.exports = LongestFirst;
