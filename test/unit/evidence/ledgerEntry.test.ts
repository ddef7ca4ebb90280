import { canonicalJson } from '../../../src/evidence/canonicalJson';
import { parseEntry, type LedgerEntry } from '../../../src/evidence/ledgerEntry';
import { ledgerEntry } from '../../harness/ledger';
import { testRefusals } from '../../harness/refusals';

const ENTRY = parseEntry(ledgerEntry(1));
const read = (change: Partial<Record<keyof LedgerEntry, unknown>>) => () =>
  parseEntry(canonicalJson({ ...ENTRY, ...change }));

testRefusals('a ledger entry', [
  [
    'with a count in text',
    read({ recordCount: '1' }),
    'ledger entry: recordCount: Invalid input: expected number, received string',
  ],
  [
    'with a window that has no end',
    read({ window: { from: ENTRY.window.from } }),
    'ledger entry: window.to: Invalid input: expected string, received undefined',
  ],
  [
    'that is a number',
    () => parseEntry(Buffer.from('1')),
    'ledger entry: Invalid input: expected object, received number',
  ],
  [
    'with a window that ends before it starts',
    read({ window: { from: ENTRY.window.to, to: ENTRY.window.from } }),
    'ledger entry of snap-job-1: its window ends before it starts',
  ],
  [
    'with a window that starts on a day that does not exist',
    read({ window: { from: '2026-02-30T00:00:00.000Z', to: '2026-03-30T00:00:00.000Z' } }),
    'ledger entry: window.from: Invalid input',
  ],
]);

test('the window of a ledger entry may be one instant', () => {
  const { from } = ENTRY.window;
  expect(read({ window: { from, to: from } })().window.to).toBe(from);
});
