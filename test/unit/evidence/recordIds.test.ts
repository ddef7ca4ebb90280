import { isListedId, listedId } from '../../../src/evidence/recordIds';

const OBJECT_ID = '0123456789abcdef01234567';
const LONGEST = `bson:02:${'61'.repeat(124)}`;

test('an id of up to 256 characters is listed as it is', () => {
  expect(LONGEST).toHaveLength(256);
  for (const id of [OBJECT_ID, 'bson:0a:', LONGEST]) {
    expect(listedId(id)).toBe(id);
    expect(isListedId(id)).toBe(true);
  }
});

test('a longer id is listed as the digest of its text', () => {
  const id = `${LONGEST}61`;
  expect(isListedId(id)).toBe(false);
  expect(listedId(id)).toBe('sha256:5e1738b999e2567e3dcb914b0012ad3f37adec90344a77e2c73af6cfae0d00a6');
  expect(isListedId(listedId(id))).toBe(true);
});

test.each([
  '',
  OBJECT_ID.toUpperCase(),
  OBJECT_ID.slice(1),
  `${OBJECT_ID}0`,
  `bson:07:${OBJECT_ID}`,
  'bson:2:61',
  'bson:02:6',
  'bson:02:6A',
  'bson:02:61\n',
  `sha256:${'a'.repeat(63)}`,
  `sha256:${'A'.repeat(64)}`,
  `sha256:${'a'.repeat(64)}\n`,
])('%j is not a listed id', (text) => {
  expect(isListedId(text)).toBe(false);
});
