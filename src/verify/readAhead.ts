export interface AheadLimits<T> {
  /** Items that are read at once, at least one. */
  readonly count: number;
  /** Sum of their sizes; a single item may exceed it. */
  readonly size: number;
  readonly sizeOf: (item: T) => number;
}

/**
 * Reads items ahead of their use and yields each with its result, in their order. What `read` rejects with is thrown when it is
 * the turn of the item, so that a failure of a later one changes nothing about those before it.
 */
export async function* readAhead<T, R>(
  items: Iterable<T>,
  read: (item: T) => Promise<R>,
  { count, size, sizeOf }: AheadLimits<T>,
): AsyncGenerator<readonly [T, R], void, undefined> {
  const started: { readonly item: T; readonly result: Promise<R> }[] = [];
  let startedSize = 0;
  const next = async (): Promise<readonly [T, R]> => {
    const { item, result } = started[0]!;
    const ended = await result;
    started.shift();
    startedSize -= sizeOf(item);
    return [item, ended];
  };
  for (const item of items) {
    while (started.length >= count || (started.length > 0 && startedSize + sizeOf(item) > size))
      yield await next();
    const result = read(item);
    // It is awaited later, or never when an earlier item ends the reading.
    result.catch(() => undefined);
    started.push({ item, result });
    startedSize += sizeOf(item);
  }
  while (started.length > 0) yield await next();
}
