/**
 * Node's clock as the code of this process reads it, at an offset: `Date.now()` and `new Date()`. Timers go on as
 * before, as they do when a machine's clock is set. Installed by being imported, so it comes before anything else.
 */
export const turnableClock = { offsetMs: 0 };

const real = Date;

globalThis.Date = new Proxy(real, {
  construct(target, args: unknown[]) {
    const given = args.length === 0 ? [real.now() + turnableClock.offsetMs] : args;
    return Reflect.construct(target, given) as object;
  },
  get(target, name) {
    if (name === 'now') return () => real.now() + turnableClock.offsetMs;
    return Reflect.get(target, name) as unknown;
  },
});
