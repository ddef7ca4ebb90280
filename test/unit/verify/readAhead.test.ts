import { readAhead } from '../../../src/verify/readAhead';
import { deferred, type Deferred } from '../../harness/deferred';

/** Reads that end when the test says so. */
class Reads {
  readonly started: number[] = [];
  readonly #results = new Map<number, Deferred<string>>();
  readonly read = (item: number): Promise<string> => {
    this.started.push(item);
    const result = deferred<string>();
    this.#results.set(item, result);
    return result.promise;
  };
  end(item: number): void {
    this.#results.get(item)!.resolve(`result ${item}`);
  }
  fail(item: number): void {
    this.#results.get(item)!.reject(new Error(`failure ${item}`));
  }
}

const limits = (count: number, size = Infinity, sizeOf = (_item: number) => 1) => ({ count, size, sizeOf });

test('items are read ahead up to the limit, and come in their order with their results', async () => {
  const reads = new Reads();
  const items = readAhead([1, 2, 3, 4], reads.read, limits(3));
  const first = items.next();
  expect(reads.started).toEqual([1, 2, 3]);
  for (const item of [3, 2, 1]) reads.end(item);
  expect((await first).value).toEqual([1, 'result 1']);
  const second = items.next();
  expect(reads.started).toEqual([1, 2, 3, 4]);
  reads.end(4);
  expect((await second).value).toEqual([2, 'result 2']);
  expect((await items.next()).value).toEqual([3, 'result 3']);
  expect((await items.next()).value).toEqual([4, 'result 4']);
  expect((await items.next()).done).toBe(true);
});

test('with a limit of one, an item is read when the one before it has been used', async () => {
  const reads = new Reads();
  const items = readAhead([1, 2], reads.read, limits(1));
  const first = items.next();
  reads.end(1);
  expect((await first).value).toEqual([1, 'result 1']);
  expect(reads.started).toEqual([1]);
});

test('large items are read alone', async () => {
  const reads = new Reads();
  const items = readAhead(
    [5, 20, 5],
    reads.read,
    limits(3, 10, (item) => item),
  );
  const first = items.next();
  expect(reads.started).toEqual([5]);
  reads.end(5);
  await first;
  void items.next();
  await Promise.resolve();
  expect(reads.started).toEqual([5, 20]);
});

test('a failure is thrown when it is the turn of its item, not before', async () => {
  const reads = new Reads();
  const items = readAhead([1, 2], reads.read, limits(2));
  const first = items.next();
  reads.fail(2);
  reads.end(1);
  expect((await first).value).toEqual([1, 'result 1']);
  await expect(items.next()).rejects.toThrow('failure 2');
});
