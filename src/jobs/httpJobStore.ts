import type { JobOutcome } from '../contract/activities';
import { SnapshotError, messageOf } from '../errors';
import type { JobReporter } from '../ports/jobReporter';

const ANSWER_MS = 10_000;

/**
 * Reports to the job service: `POST /jobs/:id/succeed` and `/fail`, with a token that has the scope `jobs:report`.
 * JOB_SERVICE_*, JOB_NOT_FOUND, JOB_CONFLICT.
 */
export function httpJobStore(url: string, token?: string): Pick<JobReporter, 'report'> {
  return {
    async report(jobId, outcome) {
      const target = `${url.replace(/\/$/, '')}/jobs/${encodeURIComponent(jobId)}/${verbOf(outcome)}`;
      let response: Response;
      try {
        response = await fetch(target, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          },
          body: JSON.stringify(bodyOf(outcome)),
          redirect: 'error',
          signal: AbortSignal.timeout(ANSWER_MS),
        });
        await response.body?.cancel();
      } catch (error) {
        const message = `job service cannot be reached: ${messageOf(error)} [POST ${target}]`;
        throw new SnapshotError('JOB_SERVICE_UNREACHABLE', message, { retryable: true, cause: error });
      }
      if (!response.ok) throw refusal(response.status, jobId, target);
    },
  };
}

function verbOf({ status }: JobOutcome): 'succeed' | 'fail' {
  return status === 'succeeded' ? 'succeed' : 'fail';
}

function bodyOf(outcome: JobOutcome): object {
  if (outcome.status === 'succeeded') return { result: outcome.result };
  const { status, code, reason } = outcome;
  return { status, code, reason };
}

function refusal(status: number, jobId: string, target: string): SnapshotError {
  if (status === 404)
    return new SnapshotError('JOB_NOT_FOUND', `job service knows no job ${jobId} [POST ${target}]`);
  if (status === 409) {
    return new SnapshotError(
      'JOB_CONFLICT',
      `job ${jobId} has ended already, with another outcome [POST ${target}]`,
    );
  }
  if (status === 429 || status >= 500) {
    const message = `job service answers ${status} [POST ${target}]`;
    return new SnapshotError('JOB_SERVICE_UNREACHABLE', message, { retryable: true });
  }
  if (status === 401 || status === 403) {
    const message = `job service answers ${status}: JOB_SERVICE_TOKEN needs the scope jobs:report [POST ${target}]`;
    // Mended by whoever runs the service, not by the job: the seal is done, and its report waits for the right token.
    return new SnapshotError('JOB_SERVICE_REFUSED', message, { retryable: true });
  }
  return new SnapshotError('JOB_SERVICE_REFUSED', `job service answers ${status} [POST ${target}]`);
}
