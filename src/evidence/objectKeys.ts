/** Key of a chunk: `snapshots/<snapshotId>/chunks/000000.bson.gz`. */
export function chunkKey(snapshotId: string, index: number): string {
  return `snapshots/${snapshotId}/chunks/${String(index).padStart(6, '0')}.bson.gz`;
}

export function manifestKey(snapshotId: string): string {
  return `snapshots/${snapshotId}/manifest.json`;
}

export function manifestSignatureKey(snapshotId: string): string {
  return `${manifestKey(snapshotId)}.sig`;
}

/** RFC 3161 response over the manifest; only where an authority was asked. */
export function manifestTimestampKey(snapshotId: string): string {
  return `${manifestKey(snapshotId)}.tsr`;
}

export function snapshotCheckpointKey(snapshotId: string): string {
  return `snapshots/${snapshotId}/checkpoint`;
}
