import { z } from 'zod';
import { JOB_ID, SNAPSHOT_ID } from '../contract/names';
import { formatIssue, malformed } from '../errors';
import { isListedId } from './recordIds';

/** The one accepted form of each kind of value in evidence. */
export const count = z.int().min(0);
export const text = z.string().min(1).max(4096);
export const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
export const base64Of32 = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);
/** A UTC instant with milliseconds, on a day that exists. */
export const instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .refine((value) => !Number.isNaN(Date.parse(value)) && new Date(value).toISOString() === value);
export const recordId = z.string().refine(isListedId);
export const jobId = z.string().regex(JOB_ID);
export const snapshotId = z.string().regex(SNAPSHOT_ID);
/** The name of a top-level member of a record, other than its id. */
export const memberName = z
  .string()
  .regex(/^[A-Za-z0-9_@-]{1,64}$/)
  .refine((name) => name !== '_id');
/** The name of a collection: text without control characters. */
export const collectionName = z.string().regex(/^[^\p{C}]{1,255}$/u);
/** A schema-less URL. */
export const origin = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]*(\/[a-z0-9][a-z0-9._-]*)*$/)
  .max(128);

/** The value, if it fits the schema; otherwise EVIDENCE_MALFORMED with `what` and the first issue. */
export function parseWith<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw malformed(`${what}: ${issue ? formatIssue(issue) : 'invalid'}`);
}
