import { mongo } from 'mongoose';

const { BSON } = mongo;
const EXACT = { promoteValues: false, bsonRegExp: true } as const;

/**
 * A record on one line: canonical Extended JSON, or `{"$bson":"<base64>"}` for a record that would not be the same bytes
 * again if this were read back, such as one with a repeated member, invalid UTF-8, or a member that Extended JSON reserves.
 */
export function recordText(record: Buffer): string {
  try {
    const text = BSON.EJSON.stringify(BSON.deserialize(record, EXACT), { relaxed: false });
    const again = BSON.EJSON.parse(text, { relaxed: false }) as mongo.Document;
    if (record.equals(BSON.serialize(again))) return text;
  } catch {
    // Extended JSON cannot say it.
  }
  return JSON.stringify({ $bson: record.toString('base64') });
}
