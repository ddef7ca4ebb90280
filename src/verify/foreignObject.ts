/** What a file or object that is not evidence looks like, in words; it is named in a note and never a failure. */
const KINDS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\.part$/, 'an unfinished file of an export that was interrupted'],
  [
    /(^|\/)(\.DS_Store|\.localized|\._[^/]*|Thumbs\.db|ehthumbs\.db|desktop\.ini|\.directory|lost\+found|\.Spotlight-V100|\.Trashes?(-\d+)?|\.fseventsd|\$RECYCLE\.BIN|System Volume Information|@eaDir)(\/|$)/i,
    'a file of an operating system',
  ],
  [
    /(~|\.(bak|orig|old|tmp|temp|swp|swo|swx|crdownload|partial|filepart))$|(^|\/)(#[^/]*#|\.#[^/]*|~\$[^/]*)$/i,
    'a temporary or backup file',
  ],
  [/(^|\/)(\.git|\.svn|\.hg|\.idea|\.vscode)(\/|$)/, 'a file of a development tool'],
  [/^snapshots\/[^/]+\/chunks\/\d{6,}\.bson\.gz$/, 'a chunk that the manifest does not list'],
  [/^snapshots\/[^/]+\/manifest\.json\.tsr$/, 'a timestamp that the manifest does not name'],
  [/^ledger\/tile\//, 'not a tile of this ledger'],
];

/** The note on an object that neither ledger nor manifest names. */
export function foreignNote(key: string): string {
  const what = KINDS.find(([pattern]) => pattern.test(key))?.[1] ?? 'a foreign file';
  return `not evidence: ${key} (${what})`;
}

/** The note on a snapshot without a signed manifest that the ledger does not name. */
export function unfinishedNote(snapshotId: string, objects: number): string {
  return `not evidence: ${objects} objects of snapshots/${snapshotId}/, a snapshot that is not signed: its job was cancelled, failed or still runs`;
}
