import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Check } from './check';

/** More than a `Date` header can be off by itself. */
const WARN_MS = 2_000;
/** A window may end this far in the future of the clock that is asked (src/contract/window.ts); beyond, sealing refuses it. */
const FAIL_MS = 5_000;
const ANSWER_MS = 5_000;

/**
 * How far the clock of an HTTP server is ahead of ours, by its `Date` header, in milliseconds; undefined without one. `ca`
 * is a text in PEM form, in place of the certificates of the system.
 */
export async function measureClockOffset(url: string, ca?: string): Promise<number | undefined> {
  const before = Date.now();
  const header = await dateHeader(url, ca).catch(() => undefined);
  const date = Date.parse(header ?? '');
  // The header names the second that has begun.
  return Number.isNaN(date) ? undefined : date + 500 - (before + Date.now()) / 2;
}

function dateHeader(url: string, ca: string | undefined): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const options = { signal: AbortSignal.timeout(ANSWER_MS), agent: false } as const;
    const onResponse = (response: IncomingMessage): void => {
      response.destroy();
      resolve(response.headers.date);
    };
    const request = url.startsWith('https:')
      ? requestHttps(url, { ...options, ...(ca === undefined ? {} : { ca }) }, onResponse)
      : requestHttp(url, options, onResponse);
    request.on('error', reject).end();
  });
}

/** Clocks that differ seal windows too early, or make sealing refuse them. */
export function judgeClock(check: string, offsetMs: number | undefined): Check {
  if (offsetMs === undefined) return { check, state: 'ok', found: 'not reported by this server' };
  const absoluteMs = Math.abs(offsetMs);
  const found = `${(absoluteMs / 1000).toFixed(1)} s ${offsetMs < 0 ? 'behind' : 'ahead of'} this machine`;
  if (absoluteMs < WARN_MS) return { check, state: 'ok', found };
  const advice = 'run NTP on both: windows are judged by these clocks';
  return { check, state: absoluteMs < FAIL_MS ? 'warn' : 'fail', found, advice };
}
