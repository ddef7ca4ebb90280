import { readReportingConfig } from '../../config';
import type { Check } from './check';

interface JobServiceFacts {
  /** Undefined: none is configured. */
  readonly url: string | undefined;
  readonly hasToken: boolean;
  /** Of `GET /readyz`; undefined when nothing answers. */
  readonly status: number | undefined;
}

const ANSWER_MS = 5_000;

/** Asks the configured job service whether it is ready. CONFIG_INVALID. */
export async function measureJobService(): Promise<JobServiceFacts> {
  const { url, token } = readReportingConfig();
  const hasToken = token !== undefined;
  if (url === undefined) return { url, hasToken, status: undefined };
  const signal = AbortSignal.timeout(ANSWER_MS);
  const response = await fetch(`${url.replace(/\/$/, '')}/readyz`, { signal }).catch(() => undefined);
  await response?.body?.cancel();
  return { url, hasToken, status: response?.status };
}

/** The check of the doctor about the job service, from the status of its `/readyz`. */
export function judgeJobService({ url, hasToken, status }: JobServiceFacts): readonly Check[] {
  const check = 'job service';
  if (url === undefined)
    return [{ check, state: 'ok', found: 'none; workers write the job rows themselves' }];
  if (status !== 200) {
    const found = `${url} ${status === undefined ? 'does not answer' : `answers ${status}`}`;
    const advice = 'workers report ended jobs to it; read its log';
    return [{ check, state: 'fail', found, advice }];
  }
  const found = `${url} is ready`;
  if (hasToken) return [{ check, state: 'ok', found }];
  return [{ check, state: 'warn', found, advice: 'JOB_SERVICE_TOKEN is not set: reports may be refused' }];
}
