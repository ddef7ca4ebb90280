import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { snapshotIdOf } from '../contract/names';
import type { SEARCH_ATTRIBUTES } from '../contract/searchAttributes';
import type { AuditSnapshotInput } from '../contract/snapshot';

type NameOfType<T> = {
  [N in keyof typeof SEARCH_ATTRIBUTES]: (typeof SEARCH_ATTRIBUTES)[N] extends T ? N : never;
}[keyof typeof SEARCH_ATTRIBUTES];

const keyword = (name: NameOfType<'Keyword'>) => defineSearchAttributeKey(name, 'KEYWORD');
const datetime = (name: NameOfType<'Datetime'>) => defineSearchAttributeKey(name, 'DATETIME');
const int = (name: NameOfType<'Int'>) => defineSearchAttributeKey(name, 'INT');

/** The search attributes of a run, as the SDK's typed keys. */
export const ATTRIBUTES = {
  jobId: keyword('AuditJobId'),
  snapshotId: keyword('AuditSnapshotId'),
  stage: keyword('AuditStage'),
  from: datetime('AuditWindowFrom'),
  to: datetime('AuditWindowTo'),
  recordCount: int('AuditRecordCount'),
  findings: int('AuditFindings'),
  late: int('AuditLateCount'),
} as const;

/** The search attributes that a run has from its first event on, before a worker picks it up. */
export function firstAttributes({ jobId, from, to }: AuditSnapshotInput): SearchAttributePair[] {
  return [
    { key: ATTRIBUTES.jobId, value: jobId },
    { key: ATTRIBUTES.snapshotId, value: snapshotIdOf(jobId) },
    { key: ATTRIBUTES.stage, value: 'opening' },
    { key: ATTRIBUTES.from, value: new Date(from) },
    { key: ATTRIBUTES.to, value: new Date(to) },
  ];
}
