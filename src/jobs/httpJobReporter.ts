import { context, propagation } from '@opentelemetry/api';
import type { JobOutcome } from '../contract/activities';
import { SnapshotError } from '../errors';
import type { JobReporter } from '../ports/jobReporter';

const RESPONSE_MS = 10_000;

/**
 * Reports outcomes to the job service: `POST /jobs/:id/succeed` and `/fail`, with a token that has the scope `jobs:report`;
 * `token` returns the present one. JOB_SERVICE_*, JOB_NOT_FOUND, JOB_CONFLICT.
 */
export function httpJobReporter(url: string, token?: () => string): Pick<JobReporter, 'report'> {
  return {
    async report(jobId, outcome, runId) {
      const verb = outcome.status === 'succeeded' ? 'succeed' : 'fail';
      const target = `${url.replace(/\/$/, '')}/jobs/${encodeURIComponent(jobId)}/${verb}`;
      let response: Response;
      try {
        response = await fetch(target, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...traceHeaders(),
            ...(runId === undefined ? {} : { 'audit-run-id': runId }),
            ...(token === undefined ? {} : { authorization: `Bearer ${token()}` }),
          },
          body: JSON.stringify(bodyOf(outcome)),
          redirect: 'error',
          signal: AbortSignal.timeout(RESPONSE_MS),
        });
        await response.body?.cancel();
      } catch (error) {
        const message = `the job service cannot be reached: ${reasonOf(error)} [POST ${target}]`;
        throw new SnapshotError('JOB_SERVICE_UNREACHABLE', message, { retryable: true });
      }
      if (!response.ok) throw toReportError(response.status, jobId, target);
      // The login page of a proxy, for example: the job service has not received the report.
      if (/^text\/html\b/i.test(response.headers.get('content-type') ?? '')) {
        const message = `a web page answers instead of the job service: check JOB_SERVICE_URL [POST ${target}]`;
        throw new SnapshotError('JOB_SERVICE_UNREACHABLE', message, { retryable: true });
      }
    },
  };
}

/** The context of the trace that is active (W3C Trace Context); empty while traces are off. */
function traceHeaders(): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

/** The code of a failed connection. The message of `fetch` names no reason, and may quote the URL and headers. */
function reasonOf(error: unknown): string {
  const { cause, name } = error as { readonly cause?: { readonly code?: unknown }; readonly name?: string };
  return typeof cause?.code === 'string' ? cause.code : (name ?? 'no answer');
}

function bodyOf(outcome: JobOutcome): object {
  if (outcome.status === 'succeeded') return { result: outcome.result };
  const { status, code, reason } = outcome;
  return { status, code, reason };
}

function toReportError(status: number, jobId: string, target: string): SnapshotError {
  const where = `[POST ${target}]`;
  if (status === 404)
    return new SnapshotError('JOB_NOT_FOUND', `job ${jobId} does not exist in the job service ${where}`);
  if (status === 409) {
    const message = `job ${jobId} has already ended with a different outcome, or another run of it is open ${where}`;
    return new SnapshotError('JOB_CONFLICT', message);
  }
  if (status === 429 || status >= 500) {
    const message = `the job service responds with ${status} ${where}`;
    return new SnapshotError('JOB_SERVICE_UNREACHABLE', message, { retryable: true });
  }
  if (status === 401 || status === 403) {
    const message = `the job service responds with ${status}: JOB_SERVICE_TOKEN needs the scope jobs:report ${where}`;
    // The seal is done, and its report can wait until the operator has set the right token.
    return new SnapshotError('JOB_SERVICE_REFUSED', message, { retryable: true });
  }
  return new SnapshotError('JOB_SERVICE_REFUSED', `the job service responds with ${status} ${where}`);
}
