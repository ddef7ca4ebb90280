import { asyncLocalStorage, type Context } from '@temporalio/activity';

let current: Context | undefined;
// One attempt runs at a time and the network knows which, so no context has to follow it from promise to promise.
asyncLocalStorage.getStore = () => current;

/** What runs from now on is the code of this attempt. */
export function enterContext(context: Context): void {
  current = context;
}
