import * as fc from 'fast-check';
import { canonicalJson, parseCanonicalJson } from '../../../src/evidence/canonicalJson';

const MALFORMED = expect.objectContaining({ code: 'EVIDENCE_MALFORMED' });
const MAX_BYTES = 10_000;

const text = fc.string({ unit: 'binary' });
const name = text.filter((candidate) => candidate !== '__proto__');
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 8 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((number) => (Object.is(number, -0) ? 0 : number)),
    text,
    fc.array(tie('value')),
    fc.dictionary(name, tie('value'), { noNullPrototype: true }),
  ),
}));

test('members stand in the order of their UTF-16 units, as RFC 8785 shows', () => {
  const value = { '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 };
  const json = '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}';
  expect(canonicalJson(value).toString()).toBe(json);
});

test('text is escaped only where it must be', () => {
  const value = '\u0000\b\t\n\u000b\f\r\u001f"\\/\u007f\u2028é😀';
  const json = '"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\"\\\\/\u007f\u2028é😀"';
  expect(canonicalJson(value).toString()).toBe(json);
});

test('what was written is read back, and writing it again gives the same bytes', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const bytes = canonicalJson(value);
      const read = parseCanonicalJson(bytes, 1 << 20);
      expect(JSON.stringify(read)).toBe(JSON.stringify(JSON.parse(bytes.toString())));
      expect(canonicalJson(read)).toEqual(bytes);
    }),
  );
});

test.each<[string, string]>([
  ['white space in an object', '{"a": 1}'],
  ['white space in a list', '[1, 2]'],
  ['a newline at the end', '{}\n'],
  ['a space in front', ' {}'],
  ['a tab', '{\t}'],
  ['a byte order mark', '\ufeff{}'],
  ['members out of order', '{"b":1,"a":2}'],
  ['a member twice', '{"a":1,"a":2}'],
  ['a member twice with one value', '{"a":1,"a":1}'],
  ['a member twice, once escaped', '{"a":1,"\\u0061":1}'],
  ['a member __proto__', '{"__proto__":{"a":1}}'],
  ['a fraction that is whole', '1.0'],
  ['a fraction', '1.5'],
  ['an exponent', '1e3'],
  ['an exponent in capitals', '1E3'],
  ['minus zero', '-0'],
  ['minus zero inside', '{"a":[-0]}'],
  ['a number beyond what is exact', '9007199254740992'],
  ['a negative number beyond what is exact', '-9007199254740993'],
  ['a number beyond all', '1e999'],
  ['a leading zero', '01'],
  ['a leading plus', '+1'],
  ['an escape that is not needed', '"\\u0041"'],
  ['an escaped slash', '"\\/"'],
  ['an escape in capitals', '"\\u001F"'],
  ['a long escape for a short one', '"\\u000a"'],
  ['an escaped pair', '"\\ud83d\\ude00"'],
  ['a high surrogate alone', '"\\ud800"'],
  ['a low surrogate alone', '"\\udc00"'],
  ['surrogates in the wrong order', '"\\ude00\\ud83d"'],
  ['a lone surrogate in a name', '{"\\ud800":1}'],
  ['a comment', '{}//'],
  ['a comma too many', '[1,]'],
  ['quotes of another kind', "{'a':1}"],
  ['NaN', 'NaN'],
  ['two values', '{}{}'],
  ['nothing', ''],
  ['a null byte at the end', '{}\0'],
])('JSON with %s is refused', (_, json) => {
  expect(() => parseCanonicalJson(Buffer.from(json), MAX_BYTES)).toThrow(MALFORMED);
});

test.each([
  ['a byte that begins nothing', Buffer.from('"\xff"', 'latin1')],
  ['a letter in two bytes too many', Buffer.from('"\xc1\x81"', 'latin1')],
  ['a surrogate in UTF-8', Buffer.from('"\xed\xa0\x80"', 'latin1')],
  ['a letter cut off', Buffer.from('"\xc3"', 'latin1')],
  ['UTF-16', Buffer.from('{}', 'utf16le')],
])('%s is not UTF-8 and is refused', (_, bytes) => {
  expect(() => parseCanonicalJson(bytes, MAX_BYTES)).toThrow(MALFORMED);
});

test.each<[string, unknown]>([
  ['undefined', undefined],
  ['a member that is undefined', { a: undefined }],
  ['a hole in a list', Array.from({ length: 1 })],
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['a fraction', 0.5],
  ['minus zero', -0],
  ['an unsafe integer', 2 ** 53],
  ['a bigint', 1n],
  ['a function', () => 1],
  ['a symbol', Symbol('a')],
  ['a lone surrogate', '\ud800'],
  ['a lone surrogate as a name', { '\udfff': 1 }],
])('%s is never written', (_, value) => {
  expect(() => canonicalJson(value)).toThrow(MALFORMED);
});

test('JSON of just so many bytes is read, one byte more is refused before it is looked at', () => {
  const bytes = canonicalJson('x'.repeat(98));
  expect(parseCanonicalJson(bytes, 100)).toBe('x'.repeat(98));
  expect(() => parseCanonicalJson(bytes, 99)).toThrow(MALFORMED);
});

test.each([17, 1_000, 100_000])('%d lists within each other are refused, not a crash', (depth) => {
  const json = Buffer.from(`${'['.repeat(depth)}1${']'.repeat(depth)}`);
  expect(() => parseCanonicalJson(json, json.length)).toThrow(MALFORMED);
});

test('sixteen lists within each other are read', () => {
  const json = `${'['.repeat(16)}1${']'.repeat(16)}`;
  expect(JSON.stringify(parseCanonicalJson(Buffer.from(json), MAX_BYTES))).toBe(json);
});
