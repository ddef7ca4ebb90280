import type { RunFilter } from '../../../src/client';
import { runQuery } from '../../../src/client/runFilter';

const BASE = `WorkflowType = 'auditSnapshotWorkflow' AND TaskQueue = 'q' AND ExecutionStatus != 'ContinuedAsNew'`;

describe('list filters', () => {
  test('an empty filter lists all runs of the task queue', () => {
    expect(runQuery('q')).toBe(BASE);
  });

  test('the members of a filter are combined by AND', () => {
    const query = runQuery('q', {
      status: ['failed', 'cancelled'],
      stage: 'marking',
      jobId: 'day',
      overlaps: { from: '2026-03-01T01:00:00+01:00', to: new Date('2026-03-02T00:00:00Z') },
      minFindings: 1,
    });
    expect(query.slice(BASE.length)).toBe(
      [
        ` AND ExecutionStatus IN ('Failed', 'Canceled')`,
        ` AND AuditStage IN ('marking')`,
        ` AND AuditJobId = 'day'`,
        ` AND AuditWindowFrom < '2026-03-02T00:00:00.001Z' AND AuditWindowTo >= '2026-03-01T00:00:00.000Z'`,
        ` AND AuditFindings >= 1`,
      ].join(''),
    );
  });

  test('a value with quotes stays one literal', () => {
    const query = runQuery(`a' OR 'b`, { jobId: `x' OR WorkflowId != '` });
    expect(query).toContain(`TaskQueue = 'a'' OR ''b' AND`);
    expect(query).toContain(`AuditJobId = 'x'' OR WorkflowId != '''`);
  });

  test.each([
    [{ status: 'open' }, 'USAGE_INVALID'],
    [{ status: 'constructor' }, 'USAGE_INVALID'],
    [{ status: [] }, 'USAGE_INVALID'],
    [{ stage: `x') OR ('` }, 'USAGE_INVALID'],
    [{ jobId: `x\\` }, 'USAGE_INVALID'],
    [{ jobId: `x"` }, 'USAGE_INVALID'],
    [{ minFindings: 0.5 }, 'USAGE_INVALID'],
    [{ minFindings: '1 OR 1=1' }, 'USAGE_INVALID'],
    [{ overlaps: { from: `2026' OR '`, to: '2026-03-02T00:00:00Z' } }, 'WINDOW_INVALID'],
  ])('the filter %j is rejected', (filter, code) => {
    expect(() => runQuery('q', filter as unknown as RunFilter)).toThrow(expect.objectContaining({ code }));
  });
});
