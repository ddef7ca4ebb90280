import { parseWindow, type Window } from '../contract/window';
import { SnapshotError } from '../errors';
import type { WindowOptions } from './options';

/** The window of `--from` and `--to`, which go together; undefined when neither is given. USAGE_INVALID, WINDOW_INVALID. */
export function readWindow({ from, to }: WindowOptions): Window | undefined {
  if (from === undefined && to === undefined) return undefined;
  if (from === undefined || to === undefined)
    throw new SnapshotError('USAGE_INVALID', '--from and --to go together');
  return parseWindow(from, to, Infinity);
}
