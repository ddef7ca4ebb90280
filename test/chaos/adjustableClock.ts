/**
 * Adds an offset to the clock that the code of this process reads: `Date.now()` and `new Date()`. Timers are not affected,
 * as when a machine's clock is set. Importing it installs it, so it is imported before anything else.
 */
export const adjustableClock = { offsetMs: 0 };

const real = Date;

globalThis.Date = new Proxy(real, {
  construct(target, args: unknown[]) {
    const given = args.length === 0 ? [real.now() + adjustableClock.offsetMs] : args;
    return Reflect.construct(target, given) as object;
  },
  get(target, name) {
    if (name === 'now') return () => real.now() + adjustableClock.offsetMs;
    return Reflect.get(target, name) as unknown;
  },
});
