import * as fc from 'fast-check';
import { canonicalJson, parseCanonicalJson } from '../../../src/evidence/canonicalJson';
import { MALFORMED, testRefusals } from '../../harness/refusals';

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

test('members are sorted by their UTF-16 units, as in RFC 8785', () => {
  const value = { '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 };
  const json = '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}';
  expect(canonicalJson(value).toString()).toBe(json);
});

test('only those characters of a text are escaped that must be', () => {
  const value = '\u0000\b\t\n\u000b\f\r\u001f"\\/\u007f\u2028é😀';
  const json = '"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\"\\\\/\u007f\u2028é😀"';
  expect(canonicalJson(value).toString()).toBe(json);
});

test('any value is read as it was written, and has the same bytes when it is written again', () => {
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
  ['a leading space', ' {}'],
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
  ['a number that is not exact', '9007199254740992'],
  ['a negative number that is not exact', '-9007199254740993'],
  ['a number that is infinite', '1e999'],
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
  ['a trailing comma', '[1,]'],
  ['single quotes', "{'a':1}"],
  ['NaN', 'NaN'],
  ['two values', '{}{}'],
  ['no characters', ''],
  ['a null byte at the end', '{}\0'],
])('JSON with %s is refused', (_, json) => {
  expect(() => parseCanonicalJson(Buffer.from(json), MAX_BYTES)).toThrow(MALFORMED);
});

test.each([
  ['a byte that starts no character', Buffer.from('"\xff"', 'latin1')],
  ['an overlong character', Buffer.from('"\xc1\x81"', 'latin1')],
  ['a surrogate in UTF-8', Buffer.from('"\xed\xa0\x80"', 'latin1')],
  ['half a character', Buffer.from('"\xc3"', 'latin1')],
  ['a zero byte after each character, as in UTF-16,', Buffer.from('{}', 'utf16le')],
])('JSON with %s is refused, because it is not UTF-8', (_, bytes) => {
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
])('%s is not written as JSON', (_, value) => {
  expect(() => canonicalJson(value)).toThrow(MALFORMED);
});

test('JSON of as many bytes as allowed is read, and of one byte more is refused', () => {
  const bytes = canonicalJson('x'.repeat(98));
  expect(parseCanonicalJson(bytes, 100)).toBe('x'.repeat(98));
  expect(() => parseCanonicalJson(bytes, 99)).toThrow(MALFORMED);
});

test.each([17, 1_000, 100_000])('%d nested lists are refused without a crash', (depth) => {
  const json = Buffer.from(`${'['.repeat(depth)}1${']'.repeat(depth)}`);
  expect(() => parseCanonicalJson(json, json.length)).toThrow(MALFORMED);
});

test('sixteen nested lists are read', () => {
  const json = `${'['.repeat(16)}1${']'.repeat(16)}`;
  expect(JSON.stringify(parseCanonicalJson(Buffer.from(json), MAX_BYTES))).toBe(json);
});

const nested = (depth: number, wrap: (inner: unknown) => unknown): unknown =>
  depth === 0 ? 1 : wrap(nested(depth - 1, wrap));
const json = (written: string) => () => parseCanonicalJson(Buffer.from(written), 100);
const tooDeep = 'JSON is nested deeper than 16';

testRefusals('JSON', [
  ['of 17 nested arrays', () => canonicalJson(nested(17, (inner) => [inner])), tooDeep],
  ['of 17 nested objects', () => canonicalJson(nested(17, (a) => ({ a }))), tooDeep],
  ['of a lone surrogate', () => canonicalJson('\ud800'), 'JSON text has a lone surrogate'],
  ['of one half', json('0.5'), 'JSON number is not a safe integer'],
  ['with a __proto__', json('{"__proto__":1}'), 'JSON has a member __proto__'],
  ['of undefined', () => canonicalJson(undefined), 'JSON has no undefined'],
  ['of 101 bytes', () => parseCanonicalJson(Buffer.alloc(101), 100), 'JSON of 101 bytes is larger than 100'],
  ['in Latin-1', () => parseCanonicalJson(Buffer.of(0x22, 0xff, 0x22), 100), 'not JSON in UTF-8'],
  ['after a byte order mark', json('\ufeff{}'), 'not JSON in UTF-8'],
  ['of an object with a space', json('{ }'), 'JSON is not in canonical form (RFC 8785)'],
]);

test('sixteen nested arrays or objects are written', () => {
  expect(() => canonicalJson(nested(16, (inner) => [inner]))).not.toThrow();
  expect(() => canonicalJson(nested(16, (a) => ({ a })))).not.toThrow();
});
