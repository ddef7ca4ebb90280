import type { Answer, Questions } from '../verify/report';

/** The three questions of a verification, as an auditor asks them. */
export const QUESTIONS: readonly {
  readonly name: keyof Questions;
  readonly title: string;
  readonly question: string;
}[] = [
  {
    name: 'evidence',
    title: 'Evidence',
    question: 'Is everything that was sealed unchanged, signed by the pinned key, and present?',
  },
  {
    name: 'coverage',
    title: 'Log time',
    question: 'Was every moment of the log time below sealed, without a gap?',
  },
  {
    name: 'live',
    title: 'Live log',
    question: 'Does the database still contain every sealed record, unchanged, and no added one?',
  },
];

export const ANSWER_TEXTS: Readonly<Record<Answer, string>> = {
  VERIFIED: 'Yes.',
  'NOT VERIFIED': 'No: something differs. See “What does not hold”.',
  INCOMPLETE: 'This cannot be confirmed: something is missing. See below.',
  'not asked': 'This page says nothing about it.',
};

/** What each check of the page compares. */
export const LAYER_TEXTS: Readonly<Record<string, string>> = {
  manifest: 'The description of the snapshot can be read, and it names this snapshot.',
  signature: 'The pinned key signed this description, and the key was in force.',
  checkpoint: 'The signed number of records and their combined fingerprint agree with the description.',
  timestamp: 'An independent authority confirms when the description existed.',
  'stored bytes': 'Each stored file has exactly the signed bytes.',
  chunks: 'Each stored file contains the records that the description lists, in order.',
  records: 'Each record has a date within the period, in ascending order, and no record is there twice.',
  'record hashes': 'The records that did not match their own hash are those that the description lists.',
  roots: 'The records lead to the signed combined fingerprint.',
  'log digest': 'The hashes of all records lead to the signed digest.',
  'late records': 'The snapshot says correctly which of its records came late, after an earlier snapshot.',
  'ledger inclusion': 'The ledger has exactly this snapshot.',
  retention: 'Storage protects each file until the signed date.',
  'ledger checkpoint': 'The pinned key signed the head of the ledger.',
  'ledger entries': 'Each entry of the ledger can be read, and no snapshot has two.',
  'ledger tiles': 'The stored hashes of the ledger are those of its entries.',
  'ledger root': 'The entries lead to the signed head.',
  'ledger versions': 'No other stored version of the ledger tells another history.',
  'ledger retention': 'Storage protects the ledger at least as long as its newest snapshot.',
  'ledger consistency': 'The ledger continues each head that was kept from earlier.',
  coverage: 'A snapshot covers this part of the log time.',
  listing: 'No file of the ledger contradicts it; notes name the files that are not evidence.',
};

/** Words of the page that are specific to this product. */
export const WORDS: readonly (readonly [word: string, meaning: string])[] = [
  ['Snapshot', 'The sealed copy of all records of one period.'],
  ['Ledger', 'The signed list of all snapshots. Entries can only be added.'],
  ['Finding', 'A record that did not match its own hash already when it was sealed.'],
  ['Kept until', 'Before this date nobody, not even an administrator, can delete the files of the snapshot.'],
];
