import { BSON, Double, Int32, Long } from 'bson';
import { recordText } from '../../../src/cli/recordText';
import { ODD_RECORDS } from '../../harness/oddRecords';

/** The bytes that a reader of the text gets back. */
function bytesOf(text: string): Buffer {
  const bare = JSON.parse(text) as { readonly $bson?: string };
  if (typeof bare.$bson === 'string') return Buffer.from(bare.$bson, 'base64');
  return Buffer.from(BSON.serialize(BSON.EJSON.parse(text, { relaxed: false }) as object));
}

test('the text of an ordinary record is canonical Extended JSON', () => {
  const record = { _id: 'a', n: new Int32(1), d: new Double(-0), l: Long.fromNumber(2), at: new Date(0) };
  expect(recordText(Buffer.from(BSON.serialize(record)))).toBe(
    '{"_id":"a","n":{"$numberInt":"1"},"d":{"$numberDouble":"-0.0"},"l":{"$numberLong":"2"},"at":{"$date":{"$numberLong":"0"}}}',
  );
});

test('every odd record is on one line, from which its bytes can be read', () => {
  const lost = ODD_RECORDS.filter(({ bytes }) => bytes.length < 1_000_000).filter(({ bytes }) => {
    const text = recordText(Buffer.from(bytes));
    return text.includes('\n') || !bytesOf(text).equals(bytes);
  });
  expect(lost.map(({ name }) => name)).toEqual([]);
});

test.each([
  ['a member that Extended JSON reserves', BSON.serialize({ _id: 1, when: { $date: 'tomorrow' } })],
  ['a member that looks like a number of Extended JSON', BSON.serialize({ _id: 1, n: { $numberInt: '7' } })],
])('a record with %s is given as its bytes', (_what, bytes) => {
  const text = recordText(Buffer.from(bytes));
  expect(text).toMatch(/^\{"\$bson":"[^"]+"\}$/);
  expect(bytesOf(text).equals(Buffer.from(bytes))).toBe(true);
});
