import { locateStack } from '../../../../dev/stack/stackDirectory';

test.each(['', '.', '..', '../other', 'a/b', 'Upper', '-dash', 'x'.repeat(41)])(
  '%j is not accepted as the name of a stack',
  (name) => {
    expect(() => locateStack(name, '/checkout')).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  },
);

test('everything of a stack is in its own folder, and its lock is beside it', () => {
  const stack = locateStack('mine', '/checkout');
  expect(stack.path).toBe('/checkout/.stack/mine');
  expect(stack.lockPath).toBe('/checkout/.stack/mine.lock');
  expect(stack.logPath('vault')).toBe('/checkout/.stack/mine/logs/vault.log');
});
