import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { GZIP_HEADER } from '../../src/evidence/chunk';
import { parseProof } from '../../src/evidence/recordProof';
import { serializeProof } from '../../src/evidence/recordProof';
import type { EvidenceSet } from '../harness/evidenceSet';

/** Hostile input for `verify`. */
export interface Hostile {
  readonly name: string;
  /** The argument of `verify`: a directory or a proof file. */
  readonly target: string;
  /** The key file; the valid one unless it is the hostile input. */
  readonly keyFile: string;
}

type Write = (path: string) => void;

/** Contents that are hostile for any object. */
function contents(body: Buffer): [string, Write][] {
  return [
    bytes('empty', ''),
    bytes('one byte', '{'),
    bytes('a mebibyte of NUL', Buffer.alloc(1 << 20)),
    bytes('a mebibyte of 0xff', Buffer.alloc(1 << 20, 0xff)),
    bytes('after a byte order mark', Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), body])),
    bytes('in UTF-16', Buffer.from(body.toString('latin1'), 'utf16le')),
    bytes('with a newline at the end', Buffer.concat([body, Buffer.from('\n')])),
    bytes('with a NUL at the end', Buffer.concat([body, Buffer.of(0)])),
    bytes('with a space before it', Buffer.concat([Buffer.from(' '), body])),
    bytes('twice', Buffer.concat([body, body])),
    bytes(
      'with Windows line ends',
      Buffer.from(body.toString('latin1').replaceAll('\n', '\r\n') + '\r\n', 'latin1'),
    ),
    bytes('one line of 8 MiB', 'A'.repeat(8 << 20)),
    bytes('a mebibyte of newlines', '\n'.repeat(1 << 20)),
    bytes('deeply nested', '['.repeat(1 << 20)),
    bytes('another archive', gzipSync('x')),
    [
      'a gibibyte of nothing',
      (path) => {
        writeFileSync(path, '');
        truncateSync(path, 2 ** 30);
      },
    ],
    ['a link to itself', (path) => symlinkSync(path, path)],
    ['a link out of the directory', (path) => symlinkSync('/etc/passwd', path)],
    ['a link to a device', (path) => symlinkSync('/dev/zero', path)],
    ['a directory', (path) => mkdirSync(path)],
    ['a pipe', (path) => void execFileSync('mkfifo', [path])],
  ];
}

/** JSON that is hostile as a manifest or a ledger entry. */
function jsons(text: string): [string, string][] {
  const members = Object.keys(JSON.parse(text) as object);
  const first = members[0]!;
  const [head, rest] = ['{', text.slice(1)];
  const changed = (name: string, value: unknown) =>
    JSON.stringify({ ...(JSON.parse(text) as object), [name]: value });
  return [
    ['a member __proto__', `${head}"__proto__":{"origin":"x"},${rest}`],
    ['a member constructor', `${head}"constructor":{},${rest}`],
    ['a member twice', `${head}"${first}":1,${rest}`],
    [
      'a member spelled by escapes',
      text.replace(`"${first}"`, `"\\u00${first.charCodeAt(0).toString(16)}${first.slice(1)}"`),
    ],
    ['white space', JSON.stringify(JSON.parse(text), null, 1)],
    ['a comment', `${text}//`],
    ...['1e400', '1e21', '-0', '0.1', '9007199254740993', '1E2', '"\\ud800"', '[]', 'true', 'null'].map(
      (value): [string, string] => [
        `${value} for a count`,
        text.replace(/"recordCount":\d+/, `"recordCount":${value}`),
      ],
    ),
    [
      'nested a hundred thousand deep',
      changed(first, 0).replace(/:0/, `:${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    ],
    ['a text of 30 MiB', changed(first, 'x'.repeat(30 << 20))],
    ...members.map((name): [string, string] => [
      `${name} left out`,
      JSON.stringify({ ...(JSON.parse(text) as object), [name]: undefined }),
    ]),
    ...members.map((name): [string, string] => [
      `${name} of another type`,
      changed(name, { toString: 'x', length: 1e9 }),
    ]),
    ['an unknown member', changed('extra', 1)],
    ...['../../etc/passwd', '/etc/passwd', 'snapshots/../../x', 'C:\\x', 'a\u0000b', ''].map(
      (key): [string, string] => [
        `the key ${JSON.stringify(key)}`,
        text.replace(/"key":"snapshots[^"]*"/, `"key":${JSON.stringify(key)}`),
      ],
    ),
  ];
}

/** Chunks that are hostile to unpack. */
function chunks(): [string, Buffer][] {
  const nested = Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([3, 0x61, 0])));
  return [
    ['a bomb of half a gibibyte', packed(Buffer.alloc(2 ** 29))],
    ['two members', Buffer.concat([packed(Buffer.from('a')), packed(Buffer.from('b'))])],
    ['a wrong checksum', packed(Buffer.from('abc'), { crc: 1 })],
    ['a wrong size', packed(Buffer.from('abc'), { size: 1 })],
    ['the header alone', GZIP_HEADER],
    [
      'a file name in the header',
      Buffer.concat([Buffer.of(0x1f, 0x8b, 8, 8), packed(Buffer.from('x')).subarray(4)]),
    ],
    ...[-1, 0, 4, 2 ** 31 - 1, 17, 15].map((size): [string, Buffer] => [
      `a document of ${size} bytes`,
      packed(document(size)),
    ]),
    [
      'documents of five bytes by the million',
      packed(Buffer.concat(Array.from({ length: 1_000_000 }, () => document(5, 5)))),
    ],
    ['a document without end', packed(Buffer.concat([document(60_008), nested]).subarray(0, 60_008))],
  ];
}

/** Writes the corpus below `directory`, one case at a time, so that never more than one is on disk. */
export function* hostileCorpus(set: EvidenceSet, proof: Buffer, directory: string): Generator<Hostile> {
  const keyFile = join(directory, 'trust.json');
  writeFileSync(keyFile, JSON.stringify(set.trust));
  const target = join(directory, 'evidence');
  const writeEvidence = (replace: ReadonlyMap<string, Write>) => {
    rmSync(target, { recursive: true, force: true });
    for (const [key, body] of set.objects) {
      const path = join(target, key);
      mkdirSync(dirname(path), { recursive: true });
      (replace.get(key) ?? ((at: string) => writeFileSync(at, body)))(path);
    }
  };
  const keys = [...set.objects.keys()];
  for (const key of keys) {
    for (const [name, write] of contents(set.objects.get(key)!)) {
      writeEvidence(new Map([[key, write]]));
      yield { name: `${key}: ${name}`, target, keyFile };
    }
  }
  const manifest = keys.find((key) => key.endsWith('manifest.json'))!;
  for (const [name, text] of jsons(set.objects.get(manifest)!.toString())) {
    writeEvidence(new Map([[manifest, (path) => writeFileSync(path, text)]]));
    yield { name: `manifest with ${name}`, target, keyFile };
  }
  const chunk = keys.find((key) => key.includes('/chunks/'))!;
  for (const [name, body] of chunks()) {
    writeEvidence(new Map([[chunk, (path) => writeFileSync(path, body)]]));
    yield { name: `chunk of ${name}`, target, keyFile };
  }
  for (const name of ['\u001b[2J', '..\u2028', 'snap-\ud83d\ude00', '-rf', 'a'.repeat(200), 'snap-job-1\n']) {
    writeEvidence(new Map());
    mkdirSync(join(target, 'snapshots', name), { recursive: true });
    writeFileSync(join(target, 'snapshots', name, 'manifest.json'), '{}');
    yield { name: `a snapshot named ${JSON.stringify(name)}`, target, keyFile };
  }
  const file = join(directory, 'proof.json');
  for (const [name, write] of contents(proof)) {
    rmSync(file, { recursive: true, force: true });
    write(file);
    yield { name: `proof: ${name}`, target: file, keyFile };
  }
  for (const [name, text] of proofs(proof)) {
    rmSync(file, { recursive: true, force: true });
    writeFileSync(file, text);
    yield { name: `proof with ${name}`, target: file, keyFile };
  }
  writeEvidence(new Map());
  const hostileKey = join(directory, 'hostile-key.json');
  for (const [name, write] of contents(Buffer.from(JSON.stringify(set.trust)))) {
    // With other white space it is still the same trust file.
    if (/space|newline|Windows/.test(name)) continue;
    rmSync(hostileKey, { recursive: true, force: true });
    write(hostileKey);
    yield { name: `key file: ${name}`, target, keyFile: hostileKey };
  }
}

function proofs(proof: Buffer): [string, Buffer][] {
  const good = parseProof(proof);
  const put = (member: keyof typeof good, value: string): Buffer =>
    serializeProof({ ...good, [member]: value });
  return [
    ['no record', put('record', '')],
    ['a record that is not base64', put('record', '%%%%')],
    ['base64 with bits left over', put('record', `${good.record.slice(0, -2)}/=`)],
    [
      'a record of 20 MiB',
      put(
        'record',
        Buffer.alloc(20 << 20)
          .toString('base64')
          .slice(0, 20 << 20),
      ),
    ],
    ['no proof', put('recordProof', '')],
    [
      'an index beyond any',
      put('recordProof', good.recordProof.replace(/index \d+/, 'index 9999999999999999999')),
    ],
    ['an index below 0', put('recordProof', good.recordProof.replace(/index \d+/, 'index -1'))],
    [
      'an index with a zero in front',
      put('recordProof', good.recordProof.replace(/index (\d+)/, 'index 0$1')),
    ],
    [
      'a million hashes',
      put('ledgerProof', good.ledgerProof.replace('\n\n', `\n${`${'A'.repeat(43)}=\n`.repeat(100_000)}\n`)),
    ],
    ['the other proof', put('recordProof', good.ledgerProof)],
    ['no entry', put('entry', '')],
    [
      'an entry of another snapshot',
      put(
        'entry',
        Buffer.from(Buffer.from(good.entry, 'base64').toString().replace('snap-job', 'snap-jot')).toString(
          'base64',
        ),
      ),
    ],
  ];
}

function bytes(name: string, content: Buffer | string): [string, Write] {
  return [name, (path) => writeFileSync(path, content)];
}

/** One gzip member in the format of a chunk, with another checksum or size when given. */
function packed(content: Buffer, { crc = crc32(content), size = content.length } = {}): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(size >>> 0, 4);
  return Buffer.concat([GZIP_HEADER, deflateRawSync(content), trailer]);
}

/** Bytes that begin like a BSON document of `size` bytes. */
function document(size: number, length = 16): Buffer {
  const buffer = Buffer.alloc(length);
  buffer.writeInt32LE(size, 0);
  return buffer;
}
