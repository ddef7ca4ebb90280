import { isJobId } from '../contract/names';
import { SnapshotError } from '../errors';
import type { JobPlace } from '../mongo/jobList';

/** A place in the list as text that callers hand back as it is. */
export function writeCursor({ createdAtMs, jobId }: JobPlace): string {
  return Buffer.from(`${createdAtMs}.${jobId}`).toString('base64url');
}

/** Only what `writeCursor` wrote: USAGE_INVALID. */
export function readCursor(text: string): JobPlace {
  const [time = '', jobId = ''] = Buffer.from(text, 'base64url').toString('latin1').split('.');
  const place = { createdAtMs: Number(time), jobId };
  const sound = /^\d{1,15}$/.test(time) && isJobId(jobId) && writeCursor(place) === text;
  if (sound) return place;
  throw new SnapshotError('USAGE_INVALID', 'querystring/cursor is not the `next` of a page before');
}
