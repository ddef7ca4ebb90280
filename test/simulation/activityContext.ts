import { Context, asyncLocalStorage } from '@temporalio/activity';
import { noopMetricMeter, type Logger } from '@temporalio/common';
import { defaultActivityInfo } from '@temporalio/testing';

/** What a try knows of itself. */
export interface TryInfo {
  readonly attempt: number;
  readonly scheduledTimestampMs: number;
}

const NEVER = new Promise<never>(() => undefined);
/** No try is told to stop: whoever lost its workflow goes on as a zombie. */
const SIGNAL = new AbortController().signal;
const nothing = (): void => undefined;
const QUIET: Logger = {
  log: nothing,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

let current: Context | undefined;
// One try runs at a time and the network knows which, so nothing has to follow it from promise to promise.
asyncLocalStorage.getStore = () => current;

export function contextOf(info: TryInfo): Context {
  const own = { ...defaultActivityInfo, ...info };
  return new Context(own, NEVER, SIGNAL, nothing, undefined, QUIET, noopMetricMeter, {});
}

/** What runs from now on is the code of this try. */
export function enterContext(context: Context): void {
  current = context;
}
