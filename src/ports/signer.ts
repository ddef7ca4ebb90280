export interface SigningKey {
  readonly version: number;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Buffer;
  readonly createdAt: Date;
}

/**
 * One Ed25519 key that never leaves its server. A backend signs with exactly the requested version, and Ed25519 is
 * deterministic: the same message and version give the same signature, so a repeated call changes no evidence. Callers
 * verify every signature before they store it. Errors: SIGNER_*, KEY_*.
 */
export interface Signer {
  /** Every version that is still served, oldest first; KEY_MISSING, KEY_INVALID (not Ed25519, or exportable). */
  listKeys(): Promise<readonly SigningKey[]>;
  /** The 64-byte signature by exactly that version; KEY_VERSION_UNAVAILABLE when it may no longer sign. */
  sign(message: Buffer, version: number): Promise<Buffer>;
}
