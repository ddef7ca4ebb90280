import { snapshotIdOf } from '../../src/contract/names';
import type { FaultPointRuns } from './faultPointRuns';
import type { FaultPoint } from './faultPoints';

/** One test for each fault point: its job has the outcome of a run without faults. `name` may contain `$moment $activity`. */
export function testOutcomes(name: string, points: readonly FaultPoint[], runs: () => FaultPointRuns): void {
  test.each(points)(name, async (point) => {
    const expected = runs().expectedOutcome(point);
    expect(expected.manifest).toContain(snapshotIdOf(point.input.jobId));
    expect(await runs().actualOutcome(point)).toEqual(expected);
  });
}
