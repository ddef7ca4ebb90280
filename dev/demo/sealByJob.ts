import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Window } from '../../src/contract/window';
import { SNAPSHOT_JOB_TYPE } from '../../src/contract/names';
import { SnapshotError } from '../../src/errors';
import { snapshotResult } from '../../src/http/schemas';
import { showProgress, updateOf } from '../../src/cli/progressLine';
import type { Progress } from '../../src/contract/snapshot';

const POLL_MS = 300;

const jobAnswer = z.object({
  jobId: z.string(),
  status: z.string(),
  result: snapshotResult.nullable(),
  error: z.object({ code: z.string(), reason: z.string() }).nullable(),
  progress: z.custom<Progress>().optional(),
});

/** Seals a window the way another service does: `POST /jobs`, then looks until the job has ended. */
export async function sealByJob(
  { url, token }: { readonly url: string; readonly token: string },
  window: Window,
): Promise<z.infer<typeof snapshotResult>> {
  const authorization = `Bearer ${token}`;
  const submitted = await ask(`${url}/jobs`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({ type: SNAPSHOT_JOB_TYPE, payload: window }),
  });
  const display = showProgress(process.stderr);
  try {
    for (
      let job = submitted;
      ;
      job = await ask(`${url}/jobs/${submitted.jobId}`, { headers: { authorization } })
    ) {
      if (job.progress) display.update(...updateOf(job.progress));
      if (job.result) return job.result;
      if (job.error)
        throw new SnapshotError('INTERNAL', `job ${job.jobId}: ${job.error.code}: ${job.error.reason}`);
      await pause(POLL_MS);
    }
  } finally {
    display.end();
  }
}

async function ask(url: string, init: RequestInit): Promise<z.infer<typeof jobAnswer>> {
  const response = await fetch(url, init);
  const body: unknown = await response.json();
  if (response.ok) return jobAnswer.parse(body);
  throw new SnapshotError(
    'JOB_SERVICE_REFUSED',
    `${url} answers ${response.status}: ${JSON.stringify(body)}`,
  );
}
