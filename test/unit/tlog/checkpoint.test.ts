import { checkpointText, parseCheckpoint } from '../../../src/tlog/note';
import { snapshotOrigin } from '../../../src/evidence/objectKeys';

const MALFORMED = expect.objectContaining({ code: 'EVIDENCE_MALFORMED' });

const ROOT = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
const CHECKPOINT = {
  origin: 'audit.example.org/snapshots/snap-1',
  size: 20852163,
  root: Buffer.from(ROOT, 'base64'),
};
const TEXT = `audit.example.org/snapshots/snap-1\n20852163\n${ROOT}\n`;

test('a checkpoint is three lines: origin, size, root', () => {
  expect(checkpointText(CHECKPOINT)).toBe(TEXT);
  expect(parseCheckpoint(TEXT)).toEqual(CHECKPOINT);
});

test('the origin of a snapshot stands below that of its log', () => {
  expect(snapshotOrigin('audit.example.org/log', 'snap-1')).toBe('audit.example.org/log/snapshots/snap-1');
});

test.each([0, 1, 9, 10, 65_536, Number.MAX_SAFE_INTEGER])('a tree of %d leaves is read back', (size) => {
  expect(parseCheckpoint(checkpointText({ ...CHECKPOINT, size })).size).toBe(size);
});

test.each([
  ['a leading zero', '020852163'],
  ['two zeros', '00'],
  ['a plus sign', '+1'],
  ['a minus sign', '-1'],
  ['minus zero', '-0'],
  ['a fraction', '1.0'],
  ['an exponent', '1e3'],
  ['hex', '0x10'],
  ['a space in front', ' 1'],
  ['a space behind', '1 '],
  ['a separator', '1_000'],
  ['a carriage return', '1\r'],
  ['digits of another script', '١'],
  ['nothing', ''],
  ['the first integer that is not safe', '9007199254740992'],
  ['2^64', '18446744073709551616'],
  ['17 digits', '10000000000000000'],
])('a size with %s is refused', (_, size) => {
  expect(() => parseCheckpoint(TEXT.replace('20852163', size))).toThrow(MALFORMED);
});

test.each([
  ['31 bytes', Buffer.alloc(31).toString('base64')],
  ['33 bytes', Buffer.alloc(33).toString('base64')],
  ['no padding', ROOT.slice(0, -1)],
  ['padding twice', `${ROOT}=`],
  ['bits behind its last byte', `${ROOT.slice(0, -2)}J=`],
  ['the URL alphabet', Buffer.alloc(32, 0xff).toString('base64').replaceAll('/', '_')],
  ['a space', ` ${ROOT}`],
  ['a carriage return', `${ROOT}\r`],
  ['hex', CHECKPOINT.root.toString('hex')],
  ['nothing', ''],
])('a root with %s is refused', (_, root) => {
  expect(() => parseCheckpoint(TEXT.replace(ROOT, root))).toThrow(MALFORMED);
});

test.each([
  ['nothing at all', ''],
  ['no newline at the end', TEXT.slice(0, -1)],
  ['a line less', TEXT.slice(0, -ROOT.length - 1)],
  ['an extension line', `${TEXT}extension\n`],
  ['an empty line behind', `${TEXT}\n`],
  ['an empty line in front', `\n${TEXT}`],
  ['no origin', TEXT.slice(CHECKPOINT.origin.length)],
  ['Windows line ends', TEXT.replaceAll('\n', '\r\n')],
  ['text without a newline', `${TEXT}extension`],
])('a checkpoint with %s is refused', (_, text) => {
  expect(() => parseCheckpoint(text)).toThrow(MALFORMED);
});
