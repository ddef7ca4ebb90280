import { locateStack } from '../../../../dev/stack/stackDirectory';

test.each(['', '.', '..', '../other', 'a/b', 'Upper', '-dash', 'x'.repeat(41)])(
  '%j is no name of a stack',
  (name) => {
    expect(() => locateStack(name, '/checkout')).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  },
);

test('everything of a stack lies in its own folder, its lock beside it', () => {
  const stack = locateStack('mine', '/checkout');
  expect(stack.path).toBe('/checkout/.stack/mine');
  expect(stack.lockPath).toBe('/checkout/.stack/mine.lock');
  expect(stack.logPath('vault')).toBe('/checkout/.stack/mine/logs/vault.log');
});
