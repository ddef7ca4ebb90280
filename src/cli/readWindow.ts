import { parseWindow, type Window } from '../contract/window';
import { SnapshotError } from '../errors';

/** The window of `--from` and `--to`, which go together; undefined when neither is given. WINDOW_INVALID. */
export function readWindow({
  from,
  to,
}: {
  readonly from?: string;
  readonly to?: string;
}): Window | undefined {
  if (from === undefined && to === undefined) return undefined;
  if (from === undefined || to === undefined)
    throw new SnapshotError('USAGE_INVALID', '--from and --to go together');
  return parseWindow(from, to, Infinity);
}
