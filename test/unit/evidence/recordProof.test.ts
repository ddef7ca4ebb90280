import { canonicalJson } from '../../../src/evidence/canonicalJson';
import { parseProof, serializeProof } from '../../../src/evidence/recordProof';
import { testRefusals } from '../../harness/refusals';

const PROOF = { record: 'AAAA', recordProof: 'first', entry: 'BBBB', ledgerProof: 'second' };
const { record: _record, ...rest } = PROOF;
const read = (value: unknown) => () => parseProof(canonicalJson(value));

test('a proof file is read as it was written', () => {
  expect(parseProof(serializeProof(PROOF))).toEqual(PROOF);
});

testRefusals('a proof file', [
  ['that is a number', read(1), 'proof: Invalid input: expected object, received number'],
  [
    'with a member of another type',
    read({ ...PROOF, entry: 1 }),
    'proof: entry: Invalid input: expected string, received number',
  ],
  ['with another member', read({ ...PROOF, more: '' }), 'proof: Unrecognized key: "more"'],
  [
    'without one of its members',
    read(rest),
    'proof: record: Invalid input: expected string, received undefined',
  ],
]);
