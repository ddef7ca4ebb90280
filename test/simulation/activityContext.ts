import { Context, asyncLocalStorage } from '@temporalio/activity';
import { noopMetricMeter, type Logger } from '@temporalio/common';
import { defaultActivityInfo } from '@temporalio/testing';
import type { AttemptInfo } from '../harness/workflowRun';

const NEVER = new Promise<never>(() => undefined);
/** No attempt is told to stop: one that lost its workflow continues as a zombie. */
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
// One attempt runs at a time and the network knows which, so no context has to follow it from promise to promise.
asyncLocalStorage.getStore = () => current;

export function contextOf(info: AttemptInfo): Context {
  const own = { ...defaultActivityInfo, ...info };
  return new Context(own, NEVER, SIGNAL, nothing, undefined, QUIET, noopMetricMeter, {});
}

/** What runs from now on is the code of this attempt. */
export function enterContext(context: Context): void {
  current = context;
}
