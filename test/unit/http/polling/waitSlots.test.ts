import { WaitSlots } from '../../../../src/http/polling/waitSlots';

test('one caller gets a hundred wait slots, and a released slot can be acquired again', () => {
  const slots = new WaitSlots();
  const acquired = Array.from({ length: 100 }, () => slots.acquire('a'));
  expect(() => slots.acquire('a')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
  acquired[0]!.release();
  expect(slots.acquire('a').signal.aborted).toBe(false);
});

test('all callers together get five hundred wait slots', () => {
  const slots = new WaitSlots();
  for (const name of ['a', 'b', 'c', 'd', 'e']) for (let index = 0; index < 100; index++) slots.acquire(name);
  expect(() => slots.acquire('f')).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
});

test('closing aborts the signal of every wait slot, acquired before or after', () => {
  const slots = new WaitSlots();
  const before = slots.acquire('a');
  slots.close();
  expect([before.signal.aborted, slots.acquire('a').signal.aborted]).toEqual([true, true]);
});
