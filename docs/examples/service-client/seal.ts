import { AuditSnapshotClient } from 'audit-snapshot/client';

const { TEMPORAL_ADDRESS: address = 'localhost:7233', TEMPORAL_TASK_QUEUE: taskQueue } = process.env;
const client = await AuditSnapshotClient.connect({ address, taskQueue });
const day = { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };
const run = await client.submit(day, { jobId: 'day-2026-01-31' });
for await (const { stage, hashed, expected } of run.follow()) {
  console.log(`${stage}: ${hashed} of ${expected ?? '?'} records`);
}
const { recordCount, snapshotId, findingCount } = await run.wait();
console.log(`sealed ${recordCount} records as ${snapshotId}, findings: ${findingCount}`);
await client.close();
