import { parseVersionPage } from '../../../src/storage/listing';

const parse = (content: string, root = 'ListVersionsResult') =>
  parseVersionPage(
    `<?xml version="1.0"?><${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`,
    '[w]',
  );
const version = (key: string, versionId: string, name = 'Version') =>
  `<${name}><Key>${key}</Key><VersionId>${versionId}</VersionId><IsLatest>true</IsLatest><LastModified>2026-03-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>7</Size></${name}>`;

test('versions and delete markers are read, and a single one is a list, too', () => {
  const { versions, next } = parse(version('a', 'v1') + version('a', 'm1', 'DeleteMarker'));
  expect(next).toBeUndefined();
  expect(versions).toMatchObject([
    { key: 'a', versionId: 'v1', isLatest: true, isDeleteMarker: false, sizeBytes: 7 },
    { key: 'a', versionId: 'm1', isDeleteMarker: true },
  ]);
  expect(versions[0]!.lastModified).toEqual(new Date('2026-03-01T00:00:00.000Z'));
});

test('an empty list is empty', () => {
  expect(parse('<IsTruncated>false</IsTruncated>')).toEqual({ versions: [], next: undefined });
});

test('version ids of digits keep their zeros, and keys of digits are text', () => {
  const { versions } = parse(version('007', '0016461234567890123456789'));
  expect(versions).toMatchObject([{ key: '007', versionId: '0016461234567890123456789' }]);
});

test('keys are decoded only when the list says that they are encoded', () => {
  const encoded = `<EncodingType>url</EncodingType>${version('a%2Fb+c%2B%26', 'v')}`;
  expect(parse(encoded).versions).toMatchObject([{ key: 'a/b c+&' }]);
  expect(parse(version('a%2Fb+c &amp; d', 'v')).versions).toMatchObject([{ key: 'a%2Fb+c & d' }]);
});

test('the next page starts at the key and version that the list names', () => {
  const truncated = '<IsTruncated>true</IsTruncated><EncodingType>url</EncodingType>';
  const marker = '<NextKeyMarker>a%2Fb</NextKeyMarker><NextVersionIdMarker>v9</NextVersionIdMarker>';
  expect(parse(truncated + marker).next).toEqual({ key: 'a/b', versionId: 'v9' });
});

test.each([
  ['a list of objects', () => parse(version('a', 'v'), 'ListBucketResult')],
  ['a web page', () => parseVersionPage('<html><body>log in</body></html>', '[w]')],
  ['nothing', () => parseVersionPage('', '[w]')],
  ['a list that is cut off', () => parseVersionPage(`<ListVersionsResult>${version('a', 'v')}`, '[w]')],
  [
    'a document type',
    () =>
      parseVersionPage('<!DOCTYPE x [<!ENTITY e "eeee">]><ListVersionsResult></ListVersionsResult>', '[w]'),
  ],
  ['text', () => parse('hello')],
])('%s is not taken for an empty list', (_what, read) => {
  const message = expect.stringContaining('other than a list of versions') as string;
  expect(read).toThrow(expect.objectContaining({ code: 'STORAGE_FAILED', message }) as Error);
});

test.each(['', 'null'])('a version with the id "%s" means that the bucket keeps no versions', (id) => {
  expect(() => parse(version('a', id))).toThrow(
    expect.objectContaining({ code: 'BUCKET_WITHOUT_LOCK' }) as Error,
  );
});
