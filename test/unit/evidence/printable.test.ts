import { printable } from '../../../src/evidence/printable';

test('control characters, characters that reorder text, and line separators are shown, not printed', () => {
  expect(printable('a\u001b[31m\n\u0085\u202e\u2028\u200f\u007f\ud800é🙂')).toBe(
    'a\\u{1b}[31m\\u{a}\\u{85}\\u{202e}\\u{2028}\\u{200f}\\u{7f}\\u{d800}é🙂',
  );
});

test('a long text is cut and says how long it is', () => {
  expect(printable('x'.repeat(5), 5)).toBe('xxxxx');
  expect(printable('x'.repeat(6), 5)).toBe('xxxxx… (6 characters)');
});
