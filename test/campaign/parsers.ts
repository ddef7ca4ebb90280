import { splitRecords } from '../../src/evidence/bsonStream';
import { decodeBase64 } from '../../src/tlog/base64';
import { parseCheckpoint, parseNote, parseVkey } from '../../src/tlog/note';
import { parseEntry } from '../../src/evidence/ledgerEntry';
import { parseManifest } from '../../src/evidence/manifest';
import { verifyProof } from '../../src/verify/verifyProof';
import { parseProof } from '../../src/evidence/recordProof';
import { readRecord, recordHash } from '../../src/evidence/recordBytes';
import { parseBundle, parseTile } from '../../src/tlog/tiles';
import { parseTlogProof } from '../../src/tlog/proof';
import { parseTrustFile } from '../../src/evidence/trustFile';
import { bulkyRecord, type EvidenceSet } from '../harness/evidenceSet';

interface Parser {
  readonly samples: readonly Buffer[];
  readonly parse: (bytes: Buffer) => unknown;
}

/** Every parser of evidence with valid samples to be mutated. */
export function parsersOf(set: EvidenceSet, proof: Buffer): Readonly<Record<string, Parser>> {
  const bodies = (end: string) =>
    [...set.objects].flatMap(([key, body]) => (key.includes(end) ? [body] : []));
  const records = [bulkyRecord(0, 60), bulkyRecord(1, 5)];
  const entries = bodies('/entries/').flatMap((bundle) => parseBundle(bundle, 2));
  const notes = bodies('checkpoint');
  const file = parseProof(proof);
  return {
    manifest: { samples: bodies('manifest.json').filter((body) => body[0] === 0x7b), parse: parseManifest },
    entry: { samples: entries, parse: parseEntry },
    note: { samples: notes, parse: parseNote },
    checkpoint: {
      samples: notes.map((note) => Buffer.from(parseNote(note).text)),
      parse: (bytes) => parseCheckpoint(bytes.toString('latin1')),
    },
    vkey: {
      samples: [Buffer.from(set.trust.keys[0]!.vkey)],
      parse: (bytes) => parseVkey(bytes.toString('latin1')),
    },
    trust: { samples: [Buffer.from(JSON.stringify(set.trust))], parse: parseTrustFile },
    bundle: { samples: bodies('/entries/'), parse: (bytes) => parseBundle(bytes, 2) },
    tile: { samples: bodies('/tile/0/'), parse: (bytes) => parseTile(bytes, 2) },
    'tlog proof': {
      samples: [Buffer.from(file.recordProof)],
      parse: (bytes) => parseTlogProof(bytes.toString('latin1')),
    },
    'proof file': { samples: [proof], parse: (bytes) => verifyProof(bytes, set.trust) },
    base64: { samples: [Buffer.from(file.entry)], parse: (bytes) => decodeBase64(bytes.toString('latin1')) },
    record: { samples: records, parse: (bytes) => [readRecord(bytes), recordHash(bytes)] },
    records: {
      samples: [Buffer.concat(records)],
      parse: (bytes) => [...splitRecords(bytes)].map((record) => readRecord(record)),
    },
  };
}
