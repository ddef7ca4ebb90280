import { randomBytes } from 'node:crypto';
import { SecretSearch } from '../../harness/leaks/secretSearch';

const SECRET = { name: 'the password', value: 'canary/7f3a+b9"c0d1' };
const search = new SecretSearch([SECRET, { name: 'another', value: 'control-0123456789' }]);

describe('the search for secrets', () => {
  test.each([
    ['alone', SECRET.value],
    ['at the end of other text', `error: ${SECRET.value}`],
    ['percent-encoded in a URI', `mongodb://user:${encodeURIComponent(SECRET.value)}@host`],
    ['escaped in JSON', JSON.stringify({ message: SECRET.value })],
    ['in the header of a basic login', `Basic ${btoa(`u:${SECRET.value}`)}`],
    ['in base64 after a user of another length', `Basic ${btoa(`us:${SECRET.value}`)}`],
    ['in base64 after a third length', `Basic ${btoa(`usr:${SECRET.value}`)} and more`],
    ['in base64url, before other bytes', Buffer.from(`${SECRET.value}~~~`).toString('base64url')],
  ])('finds a secret %s', (_where, text) => {
    expect(search.find(Buffer.from(text))).toEqual(['the password']);
    expect(search.find(Buffer.concat([randomBytes(999), Buffer.from(text), randomBytes(999)]))).toEqual([
      'the password',
    ]);
  });

  test('names each secret once, and all of them', () => {
    const text = `control-0123456789 ${SECRET.value} control-0123456789`;
    expect(search.find(Buffer.from(text))).toEqual(['another', 'the password']);
  });

  test.each(['', 'can', 'canary/7f3a+b9"c0d', 'control-012345678', 'canary/7f3a+b9"c0d2'])(
    'does not take %j for a secret',
    (text) => {
      expect(search.find(Buffer.from(text))).toEqual([]);
    },
  );
});
