import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { SNAPSHOT_JOB_TYPE } from '../../src/contract/names';
import type { Progress } from '../../src/contract/snapshot';
import type { Window } from '../../src/contract/window';
import { SnapshotError } from '../../src/errors';
import { snapshotResult } from '../../src/http/schemas';
import type { DemoOutput } from './output';
import type { DemoServices } from './services';

const POLL_MS = 300;

const jobAnswer = z.object({
  jobId: z.string(),
  status: z.string(),
  result: snapshotResult.nullable(),
  error: z.object({ code: z.string(), reason: z.string() }).nullable(),
  progress: z.custom<Progress>().optional(),
});

/**
 * Seals a window as any other service does: `POST /jobs`, then polling until the job has ended. JOB_SERVICE_REFUSED when
 * the service refuses a request, INTERNAL with the code of a job that failed.
 */
export async function sealByJob(
  { url, token }: Pick<DemoServices, 'url' | 'token'>,
  window: Window,
  output: Pick<DemoOutput, 'showProgress'>,
): Promise<z.infer<typeof snapshotResult>> {
  const authorization = `Bearer ${token}`;
  let job = await request(`${url}/jobs`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({ type: SNAPSHOT_JOB_TYPE, payload: window }),
  });
  using display = output.showProgress();
  while (!job.result) {
    const { jobId, error, progress } = job;
    if (error) throw new SnapshotError('INTERNAL', `job ${jobId}: ${error.code}: ${error.reason}`);
    if (progress) display.updateRun(progress);
    await pause(POLL_MS);
    job = await request(`${url}/jobs/${jobId}`, { headers: { authorization } });
  }
  return job.result;
}

async function request(url: string, init: RequestInit): Promise<z.infer<typeof jobAnswer>> {
  const response = await fetch(url, init);
  const body: unknown = await response.json();
  if (response.ok) return jobAnswer.parse(body);
  const message = `${url} answers ${response.status}: ${JSON.stringify(body)}`;
  throw new SnapshotError('JOB_SERVICE_REFUSED', message);
}
