import { isJobId } from '../contract/names';
import { SnapshotError } from '../errors';
import type { JobCursor } from '../ports/jobStore';

/** A position in the list as opaque text, which clients return unchanged. */
export function writeCursor({ createdAtMs, jobId }: JobCursor): string {
  return Buffer.from(`${createdAtMs}.${jobId}`).toString('base64url');
}

/** Accepts only what `writeCursor` wrote: USAGE_INVALID. */
export function readCursor(text: string): JobCursor {
  const [time = '', jobId = ''] = Buffer.from(text, 'base64url').toString('latin1').split('.');
  const position = { createdAtMs: Number(time), jobId };
  const valid = /^\d{1,15}$/.test(time) && isJobId(jobId) && writeCursor(position) === text;
  if (valid) return position;
  throw new SnapshotError('USAGE_INVALID', 'querystring/cursor is not `next` of an earlier page');
}
