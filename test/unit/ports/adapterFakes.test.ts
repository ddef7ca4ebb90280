import { describeObjectStore } from '../../contract/objectStore';
import { describeSigner } from '../../contract/signer';
import { FakeObjectStore } from '../../harness/fakes/fakeObjectStore';
import { FakeSigner } from '../../harness/fakes/fakeSigner';

describeObjectStore('the fake', () => new FakeObjectStore());

describeSigner('the fake', () => {
  const signer = new FakeSigner();
  return Promise.resolve({
    signer,
    rotate: () => signer.rotate(),
    disableBelow: (version) => signer.disableBelow(version),
  });
});

describe('a fault of the fake store', () => {
  const until = new Date(Date.now() + 3_600_000);

  test.each([
    ['lost', []],
    ['unacknowledged', ['key']],
  ] as const)('a put that is %s throws, and stores exactly what the fault means', async (kind, keys) => {
    const store = new FakeObjectStore();
    store.faults.failNext('putOnce', kind);
    await expect(store.putOnce('key', Buffer.from('x'), until)).rejects.toMatchObject({ retryable: true });
    expect(store.keys()).toEqual(keys);
    await store.putOnce('key', Buffer.from('x'), until);
    expect(store.versions('key')).toHaveLength(1);
  });
});
