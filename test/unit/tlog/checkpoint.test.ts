import { sign } from 'node:crypto';
import { checkpointText, formatNote, keyId, openCheckpoint, parseCheckpoint } from '../../../src/tlog/note';
import { evidenceKey, type EvidenceKey } from '../../harness/evidence';
import { MALFORMED, testRefusals } from '../../harness/refusals';

const ROOT = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=';
const CHECKPOINT = {
  origin: 'example.org/log',
  size: 20852163,
  root: Buffer.from(ROOT, 'base64'),
};
const TEXT = `example.org/log\n20852163\n${ROOT}\n`;

test('a checkpoint is three lines: origin, size, root', () => {
  expect(checkpointText(CHECKPOINT)).toBe(TEXT);
  expect(parseCheckpoint(TEXT)).toEqual(CHECKPOINT);
});

test.each([0, 1, 9, 10, 65_536, Number.MAX_SAFE_INTEGER])(
  'the checkpoint of a tree of %d leaves is read as it was written',
  (size) => {
    expect(parseCheckpoint(checkpointText({ ...CHECKPOINT, size })).size).toBe(size);
  },
);

test.each([
  ['a leading zero', '020852163'],
  ['two zeros', '00'],
  ['a plus sign', '+1'],
  ['a minus sign', '-1'],
  ['minus zero', '-0'],
  ['a fraction', '1.0'],
  ['an exponent', '1e3'],
  ['hex digits', '0x10'],
  ['a leading space', ' 1'],
  ['a trailing space', '1 '],
  ['a separator', '1_000'],
  ['a carriage return', '1\r'],
  ['digits of another script', '١'],
  ['no digits', ''],
  ['the first integer that is not safe', '9007199254740992'],
  ['2^64', '18446744073709551616'],
  ['17 digits', '10000000000000000'],
])('a checkpoint whose size has %s is refused', (_, size) => {
  expect(() => parseCheckpoint(TEXT.replace('20852163', size))).toThrow(MALFORMED);
});

test.each([
  ['31 bytes', Buffer.alloc(31).toString('base64')],
  ['33 bytes', Buffer.alloc(33).toString('base64')],
  ['no padding', ROOT.slice(0, -1)],
  ['padding twice', `${ROOT}=`],
  ['bits after its last byte', `${ROOT.slice(0, -2)}J=`],
  ['the URL alphabet', Buffer.alloc(32, 0xff).toString('base64').replaceAll('/', '_')],
  ['a space', ` ${ROOT}`],
  ['a carriage return', `${ROOT}\r`],
  ['hex digits', CHECKPOINT.root.toString('hex')],
  ['no bytes', ''],
])('a checkpoint whose root has %s is refused', (_, root) => {
  expect(() => parseCheckpoint(TEXT.replace(ROOT, root))).toThrow(MALFORMED);
});

test.each([
  ['without anything', ''],
  ['without a newline at its end', TEXT.slice(0, -1)],
  ['of two lines', TEXT.slice(0, -ROOT.length - 1)],
  ['with an extension line', `${TEXT}extension\n`],
  ['with an empty line at its end', `${TEXT}\n`],
  ['with an empty line at its start', `\n${TEXT}`],
  ['without an origin', TEXT.slice(CHECKPOINT.origin.length)],
  ['with Windows line ends', TEXT.replaceAll('\n', '\r\n')],
  ['with a fourth line that is not terminated', `${TEXT}extension`],
])('a checkpoint %s is refused', (_, text) => {
  expect(() => parseCheckpoint(text)).toThrow(MALFORMED);
});

testRefusals('a checkpoint', [
  ['of no lines', () => parseCheckpoint(''), 'checkpoint does not have exactly three lines'],
  ['of four lines', () => parseCheckpoint(`${TEXT}x\n`), 'checkpoint does not have exactly three lines'],
  [
    'with text after three lines',
    () => parseCheckpoint(`${TEXT}x`),
    'checkpoint does not have exactly three lines',
  ],
  ['without the name of its log', () => parseCheckpoint(`\n1\n${ROOT}\n`), 'checkpoint has no origin'],
  ['with a size of 01', () => parseCheckpoint(`log\n01\n${ROOT}\n`), 'tree size is not canonical decimal'],
  ['without a root', () => parseCheckpoint('log\n1\n\n'), 'base64 of 0 bytes, not 32'],
]);

const [ours, other] = [evidenceKey(1), evidenceKey(2)];
const noteBy = (key: EvidenceKey, name: string, text: string) => {
  const signature = sign(null, Buffer.from(text), key.privateKey);
  return formatNote(text, [{ name, keyId: keyId(name, key.publicKey), signature }]);
};
const open = (note: Buffer, keys: readonly EvidenceKey[]) =>
  openCheckpoint(
    note,
    CHECKPOINT.origin,
    keys.map(({ publicKey }) => publicKey),
  );

test('a checkpoint is opened with any of the keys, and with none but the one that signed it', () => {
  const note = noteBy(ours, CHECKPOINT.origin, TEXT);
  expect(open(note, [ours])).toEqual(CHECKPOINT);
  expect(open(note, [other, ours])).toEqual(CHECKPOINT);
  expect(open(note, [other])).toBeUndefined();
  expect(open(note, [])).toBeUndefined();
});

test('a checkpoint that was signed under the name of another log is not opened', () => {
  expect(open(noteBy(ours, 'example.org/other', TEXT), [ours])).toBeUndefined();
});

test('the checkpoint of another log, signed under the name of this one, is refused', () => {
  const note = noteBy(ours, CHECKPOINT.origin, TEXT.replace('example.org/log', 'example.org/other'));
  expect(() => open(note, [ours])).toThrow(
    'a checkpoint of example.org/other, signed as one of example.org/log',
  );
  expect(() => open(note, [ours])).toThrow(MALFORMED);
});

test('a signed text that is no checkpoint is refused', () => {
  expect(() => open(noteBy(ours, CHECKPOINT.origin, 'text\n'), [ours])).toThrow(MALFORMED);
});
